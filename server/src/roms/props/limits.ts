/** Best rating, and hardest difficulty, as in the compatible API. */
export const SCORE_MAX = 10;
/** Per cent of a rom that was played through. */
export const COMPLETION_MAX = 100;
