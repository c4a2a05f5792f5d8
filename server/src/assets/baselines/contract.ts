/** What a device last had of a lane: the common ancestor of a comparison. */
export interface Baseline {
  readonly deviceId: string;
  readonly romId: number;
  readonly kind: "saves" | "states";
  readonly slot: string | null;
  readonly canonicalName: string;
  /** The row it was, which may be gone or hold other bytes by now. */
  readonly assetId: number;
  readonly contentHash: string | null;
  readonly md5: string;
  readonly sha1: string;
  readonly contentUpdatedAt: Date;
  readonly syncedAt: Date;
}
