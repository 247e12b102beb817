export function dbToGain(db: number): number {
  return 10 ** (db / 20);
}

export const millibelToGain = (millibel: number): number => dbToGain(millibel / 100);

/** Below this a take is nearly silent and no reference for the others. */
const FLOOR_LUFS = -40;

/**
 * How far to turn one side of a comparison down, in dB (never above 0): the louder is brought to the quietest,
 * because turning up could clip. Unmeasured sides are left alone.
 */
export function matchGainDb(lufs: number | null, group: readonly (number | null)[]): number {
  if (lufs === null || !Number.isFinite(lufs)) return 0;
  const heard = group.filter((level): level is number => level !== null && Number.isFinite(level) && level >= FLOOR_LUFS);
  if (heard.length < 2) return 0;
  return Math.min(0, Math.min(...heard) - lufs);
}
