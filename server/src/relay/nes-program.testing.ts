/**
 * A program of our own for the NES, 24,592 bytes, for two emulators that must stay equal: its memory depends on every
 * button of both players in every frame. Pinned by its CRC-32.
 */

/** Of the whole file as an emulator loads it. */
export const PROGRAM_CRC32 = "38c2acf4";

const HEADER = "4e45531a 01 01 00 00 0000000000000000";
const HEADER_BYTES = 16;
const CODE_BYTES = 0x4000;
const TILE_BYTES = 0x2000;
/** What fills the rest of the code: NOP. */
const FILLER = 0xea;
/** Where the last six bytes lead: the frame, the start, and an interrupt that never comes. */
const VECTORS = "26c0 00c0 8bc0";

/**
 * 6502 code for $C000. Zero page afterwards: $10-$11 sum of player 1's buttons, $12-$13 of player 2's, $14-$15 frames,
 * $16 a checksum of all of it, which is also the color of the screen.
 */
const CODE = `
  78 d8 a2ff 9a          sei, cld, stack at $01FF
  a900 8d0020 8d0120     no frames yet, nothing drawn
  a200                   zero page: x = 0
  9500 e8 d0fb           0 to $00+x, x + 1, until all is clear
  2c0220 10fb            the picture unit starts:
  2c0220 10fb            wait for two frames
  a980 8d0020            frames from now on
  4c23c0                 wait for them for ever
  a901 8d1640            each frame: hold the buttons of both,
  a900 8d1640            and let go
  a208                   eight buttons:
  ad1640 4a 2600         one of player 1 into $00
  ad1740 4a 2601         one of player 2 into $01
  ca d0f1                next
  18 a500 6510 8510      $10 + player 1
  a900 6511 8511         and the carry
  18 a501 6512 8512      $12 + player 2
  a900 6513 8513         and the carry
  e614 d002 e615         one frame more
  a516 0a 691d           checksum * 2 + 29 + carry
  4510 4512 4514 8516    mixed with the rest
  ad0220                 the color of the screen:
  a93f 8d0620            its address,
  a900 8d0620            $3F00
  a516 293f 8d0720       from the checksum
  a900 8d0620 8d0620     away from it
  40 40                  back, from either interrupt
`;

function readHex(text: string): Uint8Array {
  return Uint8Array.fromHex(text.replaceAll(" ", ""));
}

/** The hex digits at the beginning of each line. */
function readCode(): Uint8Array {
  const lines = CODE.trim().split("\n");
  return readHex(lines.map((line) => line.trim().split(/ {2,}/)[0] ?? "").join(""));
}

/** Makes the file; the same bytes every time. */
export function makeProgram(): Uint8Array {
  const file = new Uint8Array(HEADER_BYTES + CODE_BYTES + TILE_BYTES);
  file.set(readHex(HEADER));
  const code = file.subarray(HEADER_BYTES, HEADER_BYTES + CODE_BYTES).fill(FILLER);
  code.set(readCode());
  const vectors = readHex(VECTORS);
  code.set(vectors, CODE_BYTES - vectors.length);
  return file;
}
