/** Largest id of a rom. */
const ID_MAX = 2_147_483_647;

/** The id of a rom that a game's name may be; null when it can be none. */
export function readRomId(gameId: string): number | null {
  const id = /^[1-9]\d{0,9}$/.test(gameId) ? Number(gameId) : 0;
  return id >= 1 && id <= ID_MAX ? id : null;
}
