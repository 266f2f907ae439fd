// Takes the funding addresses out of package-lock.json; run by `npm run lock` after a change of dependencies.
import { readFile, writeFile } from "node:fs/promises";

const lockFile = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(await readFile(lockFile, "utf8"));
for (const entry of Object.values(lock.packages)) {
  delete entry.funding;
  delete entry.resolved;
}
await writeFile(lockFile, `${JSON.stringify(lock, null, 2)}\n`);
