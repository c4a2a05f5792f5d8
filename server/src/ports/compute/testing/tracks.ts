/** Small audio files with tags, made byte by byte: enough of each format for its tags to be found. */

/** What the tags of a made file say. */
export interface MadeTags {
  readonly title?: string | undefined;
  readonly artist?: string | undefined;
  readonly album?: string | undefined;
  readonly genre?: string | undefined;
  readonly year?: number | undefined;
  readonly track?: number | undefined;
  readonly disc?: number | undefined;
  readonly cover?: Uint8Array | undefined;
}

const u32be = (value: number) =>
  Buffer.from([value >>> 24, value >>> 16, value >>> 8, value].map((byte) => byte & 255));
const u32le = (value: number) => u32be(value).reverse();
const u16le = (value: number) => Buffer.from([value & 255, (value >>> 8) & 255]);

/** A WAV of silence, without tags. */
export function makeWav(seconds: number): Uint8Array<ArrayBuffer> {
  const rate = 8_000;
  const sound = Buffer.alloc(Math.round(seconds * rate), 128);
  const format = Buffer.concat([u16le(1), u16le(1), u32le(rate), u32le(rate), u16le(1), u16le(8)]);
  const body = Buffer.concat([
    Buffer.from("WAVEfmt "),
    u32le(format.length),
    format,
    Buffer.from("data"),
    u32le(sound.length),
    sound,
  ]);
  return toBytes([Buffer.from("RIFF"), u32le(body.length), body]);
}

/** One MPEG-1 layer III frame of 128 kbit/s at 44.1 kHz: 417 bytes of 1152 samples. */
const MPEG_FRAME = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0x64]), Buffer.alloc(413)]);

/** An MP3 with ID3v2.3 tags. */
export function makeMp3(tags: MadeTags, frameCount = 40): Uint8Array<ArrayBuffer> {
  const frame = (id: string, content: Buffer) =>
    Buffer.concat([Buffer.from(id), u32be(content.length), Buffer.from([0, 0]), content]);
  const text = (id: string, value: string | number | undefined) =>
    value === undefined
      ? Buffer.alloc(0)
      : frame(id, Buffer.concat([Buffer.from([1, 0xff, 0xfe]), Buffer.from(String(value), "utf16le")]));
  const cover =
    tags.cover === undefined
      ? Buffer.alloc(0)
      : frame("APIC", Buffer.concat([Buffer.from("\0image/png\0\x03\0", "latin1"), tags.cover]));
  const frames = Buffer.concat([
    text("TIT2", tags.title),
    text("TPE1", tags.artist),
    text("TALB", tags.album),
    text("TCON", tags.genre),
    text("TYER", tags.year),
    text("TRCK", tags.track),
    text("TPOS", tags.disc),
    cover,
  ]);
  const size = [21, 14, 7, 0].map((shift) => (frames.length >>> shift) & 0x7f);
  const sound = Array.from({ length: frameCount }, () => MPEG_FRAME);
  return toBytes([Buffer.from("ID3\x03\0\0", "latin1"), Buffer.from(size), frames, ...sound]);
}

function toComments(tags: MadeTags): Buffer {
  const { title, artist, album, genre, year, track, disc } = tags;
  const fields = {
    TITLE: title,
    ARTIST: artist,
    ALBUM: album,
    GENRE: genre,
    DATE: year,
    TRACKNUMBER: track,
    DISCNUMBER: disc,
  };
  const lines = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  const texts = lines.map((line) => Buffer.concat([u32le(Buffer.byteLength(line)), Buffer.from(line)]));
  return Buffer.concat([u32le(0), u32le(lines.length), ...texts]);
}

/** A FLAC of some seconds without sound, with comments and perhaps a picture. */
export function makeFlac(tags: MadeTags, seconds = 2): Uint8Array<ArrayBuffer> {
  const rate = 44_100;
  const samples = BigInt(rate * seconds);
  // 20 bits of rate, 3 of channels less one, 5 of bits less one, 36 of samples.
  const packed = (BigInt(rate) << 44n) | (1n << 41n) | (15n << 36n) | samples;
  const info = Buffer.alloc(34);
  info.writeUInt16BE(4_096, 0);
  info.writeUInt16BE(4_096, 2);
  info.writeBigUInt64BE(packed, 10);
  const blocks: (readonly [number, Buffer])[] = [
    [0, info],
    [4, toComments(tags)],
  ];
  if (tags.cover !== undefined) {
    const type = Buffer.from("image/jpeg");
    const head = [u32be(3), u32be(type.length), type, u32be(0), Buffer.alloc(16), u32be(tags.cover.length)];
    blocks.push([6, Buffer.concat([...head, tags.cover])]);
  }
  const written = blocks.map(([kind, content], index) => {
    const isLast = index === blocks.length - 1;
    return Buffer.concat([
      Buffer.from([kind | (isLast ? 0x80 : 0)]),
      u32be(content.length).subarray(1),
      content,
    ]);
  });
  return toBytes([Buffer.from("fLaC"), ...written]);
}

/** An Ogg Opus stream: head, comments, `pageCount` pages of sound, and the last page that tells the length. */
export function makeOpus(tags: MadeTags, { seconds = 3, pageCount = 20 } = {}): Uint8Array<ArrayBuffer> {
  const page = (kind: number, granule: number, content: Buffer, index: number) => {
    const head = Buffer.alloc(26);
    head.write("OggS", 0, "latin1");
    head[5] = kind;
    head.writeBigUInt64LE(BigInt(granule), 6);
    head.writeUInt32LE(7, 14);
    head.writeUInt32LE(index, 18);
    const segments = [...Array<number>(Math.floor(content.length / 255)).fill(255), content.length % 255];
    return Buffer.concat([head, Buffer.from([segments.length, ...segments]), content]);
  };
  const head = Buffer.concat([
    Buffer.from("OpusHead\x01\x02", "latin1"),
    u16le(0),
    u32le(48_000),
    Buffer.alloc(3),
  ]);
  const comments = Buffer.concat([Buffer.from("OpusTags"), toComments(tags)]);
  const sound = Array.from({ length: pageCount }, (_, index) => {
    const isLast = index === pageCount - 1;
    const granule = Math.round((48_000 * seconds * (index + 1)) / pageCount);
    return page(isLast ? 4 : 0, granule, Buffer.alloc(200), index + 2);
  });
  return toBytes([page(2, 0, head, 0), page(0, 0, comments, 1), ...sound]);
}

function toBytes(parts: readonly Buffer[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts));
}
