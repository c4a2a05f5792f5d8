/**
 * Ids that are drawn before all that match are counted. Where one id in twenty is a rom that matches, one of them is
 * found nearly always; where fewer do, counting them is cheap.
 */
export const DRAWS = 64;
