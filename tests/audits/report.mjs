/** Address and key of the server under audit, and one line of JSON for each check. */
export const url = process.env.AUDIT_URL;
export const key = process.env.AUDIT_KEY;
export const otherKey = process.env.AUDIT_OTHER_KEY;
export const headers = { authorization: `Bearer ${key}` };

export function report(name, ok, reason = "") {
  const told = typeof reason === "string" ? reason : JSON.stringify(reason);
  console.log(JSON.stringify({ name, ok: Boolean(ok), reason: ok ? "" : String(told).slice(0, 500) }));
}

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A promise that ends in any case. */
export const within = (promise, milliseconds = 8000) =>
  Promise.race([promise, pause(milliseconds).then(() => ({ tooLate: true }))]);
