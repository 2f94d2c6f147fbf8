/** Exit codes: public, as sysexits.h where it has one. */
export const EXIT = {
	done: 0,
	/** A check did not hold. */
	checkFailed: 1,
	/** Bad configuration or usage. */
	badConfig: 64,
	/** Something that should not have happened. */
	internal: 70,
	noPermission: 77,
} as const;
