/** How a route file is told from another version of itself: in metrics, logs and `/config`. */
export const HASH_ALGORITHM = 'sha256';
/** 48 bits: plenty to tell the versions of one file apart, short enough to read aloud. */
export const HASH_DIGITS = 12;
