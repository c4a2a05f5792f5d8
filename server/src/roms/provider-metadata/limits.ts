/** Roms whose answers are stored in one transaction: their covers are made smaller meanwhile, and nobody waits long. */
export const STORED_AT_ONCE_ROMS = 20;
