const folder = new URL("../../../native/vectors/chd/", import.meta.url);

/** Reads one of the CHDs with known answers; the caller owns the bytes. */
export async function readChdVector(id: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await Bun.file(new URL(`${id}.chd`, folder)).arrayBuffer());
}

/** What is known about some of them. */
export const CHD_FACTS = {
  "cd-psx-default": {
    sha1: "41958a870737d855875cb9d67d8a16a6afb4b956",
    binSha1: "b8d6bfc7e49994a279518ef9f7e5f0db4080f554",
    ra: "b771b583338f729f159fb5b8ac6ac956",
    raConsoleId: 12,
  },
  "gd-default": { ra: "5d8d3c62ac5837ca3082653e929f3abe", raConsoleId: 40 },
  "dvd-ps2-8k": { ra: "e5302e6824cfaa25525c781d0837be1b", raConsoleId: 21 },
} as const;
