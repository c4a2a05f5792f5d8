/** One track of an optical disc as a rule that walks the disc sees it, whatever file the track lies in. */
export interface DiscTrack {
  /** 1-based. */
  readonly number: number;
  readonly kind: "audio" | "data";
  /** 1-based; 1 unless the sheet or the kind of disc says otherwise. */
  readonly sessionNumber: number;
  /**
   * Absolute number of frame 0, so absolute sector `n` is frame `n - firstSector`. It may be negative: a sector
   * header of an image decides it where one is found.
   */
  readonly firstSector: number;
  /** Frames at the start of the track that come before its index 1; frame `pregapFrames` is its true start. */
  readonly pregapFrames: number;
  /** Frames that are there, those of the pregap included. */
  readonly frameCount: number;
  /** Bytes stored for a frame: 2352, 2048, 2336, 2324. */
  readonly sectorBytes: number;
  /** Where the user's bytes begin inside a stored frame: 0, 8, 16, 24. */
  readonly dataOffsetBytes: number;
  /** The user's bytes of a frame: 2048, and 2352 for audio. */
  readonly dataBytes: number;
  /**
   * Reads the user's bytes of one frame.
   * @param frame 0-based within the track.
   * @returns `dataBytes` bytes of the caller's own; fewer where the image ends inside the frame, none outside it.
   */
  readSector(frame: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** Reads the user's bytes of `count` frames behind one another; fewer where the image ends earlier. */
  readSectors(frame: number, count: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** Reads a frame as a .bin file holds it (audio little endian); fewer than `sectorBytes` at the image's end. */
  readRaw(frame: number, signal?: AbortSignal): Promise<Uint8Array>;
}

/** An opened disc: its tracks in order. */
export interface Disc {
  readonly tracks: readonly DiscTrack[];
  /** Closes what opening the disc opened; sources that were handed in stay open. */
  close(): Promise<void>;
}

/** The layout of a track: everything but its way to read. */
export type DiscTrackFacts = Omit<DiscTrack, "readSector" | "readSectors" | "readRaw">;

/** Most frames one `readSectors` takes: 2 MiB of user's bytes. */
export const SECTORS_PER_READ_MAX = 1024;
