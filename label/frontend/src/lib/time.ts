/** `0:41`, with tenths `0:41.2`, from an hour on `1:02:08`. */
export function clock(seconds: number, tenths = false): string {
  if (!Number.isFinite(seconds) || seconds < 0) return "–";
  const scale = tenths ? 10 : 1;
  const units = tenths ? Math.floor(seconds * scale + 1e-6) : Math.round(seconds);
  const whole = Math.floor(units / scale);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, "0") + (tenths ? `.${units % scale}` : "");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** The same for ears: `41 seconds`, `2 minutes 8 seconds`. */
export function spoken(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const minutes = Math.floor(whole / 60);
  const rest = whole % 60;
  const words = [];
  if (minutes) words.push(`${minutes} ${minutes === 1 ? "minute" : "minutes"}`);
  if (rest || !minutes) words.push(`${rest} ${rest === 1 ? "second" : "seconds"}`);
  return words.join(" ");
}

/** A level with a true minus sign and one decimal. */
export function decibels(db: number): string {
  return `${Math.abs(db) < 0.05 ? "0.0" : db.toFixed(1).replace("-", "−")} dB`;
}
