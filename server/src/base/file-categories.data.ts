/** What a file can be beside the game itself; of several that fit, the first one counts. */
export const FILE_CATEGORIES: readonly string[] = [
  "game",
  "dlc",
  "hack",
  "manual",
  "patch",
  "update",
  "mod",
  "demo",
  "translation",
  "prototype",
  "cheat",
  "soundtrack",
  "screenshot",
];
