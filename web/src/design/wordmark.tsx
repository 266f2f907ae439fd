import mark from "./mark.svg";

export function Wordmark() {
  return (
    <span className="wordmark">
      <img src={mark} alt="" width="24" height="24" />
      Parlance
    </span>
  );
}
