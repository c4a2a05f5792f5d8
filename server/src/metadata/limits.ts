/** Roms a provider is asked about in one go. */
export const ENRICH_BATCH_ROMS = 200;
