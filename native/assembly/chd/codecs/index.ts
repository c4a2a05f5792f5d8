// The table of codecs: the numbers are those of ids.ts.

import { ERROR_CODEC, ERROR_DATA, ERROR_HUNK_BYTES, ERROR_TRUNCATED } from "../../errors.ts";
import { decodeCd } from "./cd.ts";
import { inflate } from "./deflate.ts";
import { unflac } from "./flac.ts";
import { unhuff } from "./huff.ts";
import { CODEC_CD_DEFLATE, CODEC_CD_ZSTD, CODEC_DEFLATE, CODEC_FLAC, CODEC_HUFF, CODEC_LZMA, CODEC_ZSTD } from "./ids.ts";
import { unlzma } from "./lzma.ts";
import { unzstd } from "./zstd.ts";

const LITTLE_ENDIAN: u8 = 0x4c; // "L"
const BIG_ENDIAN: u8 = 0x42; // "B"

/** A hunk of samples: the first byte tells their byte order. */
function decodeSamples(input: usize, inputEnd: usize, output: usize, hunkBytes: u32): i32 {
  if (hunkBytes & 3) return ERROR_HUNK_BYTES;
  const order = load<u8>(input);
  if (order != LITTLE_ENDIAN && order != BIG_ENDIAN) return ERROR_DATA;
  return unflac(input + 1, inputEnd, output, output + hunkBytes, order == BIG_ENDIAN);
}

/** Decodes one hunk; gives OK or an error. */
export function decode(codec: i32, input: usize, inputBytes: u32, output: usize, hunkBytes: u32, scratch: usize): i32 {
  if (inputBytes == 0) return ERROR_TRUNCATED;
  const inputEnd = input + inputBytes;
  const outputEnd = output + hunkBytes;
  if (codec >= CODEC_CD_DEFLATE && codec <= CODEC_CD_ZSTD) {
    return decodeCd(codec, input, inputEnd, output, hunkBytes, scratch);
  }
  if (codec == CODEC_DEFLATE) return inflate(input, inputEnd, output, outputEnd);
  if (codec == CODEC_LZMA) return unlzma(input, inputEnd, output, outputEnd);
  if (codec == CODEC_ZSTD) return unzstd(input, inputEnd, output, outputEnd);
  if (codec == CODEC_FLAC) return decodeSamples(input, inputEnd, output, hunkBytes);
  if (codec == CODEC_HUFF) return unhuff(input, inputEnd, output, outputEnd);
  return ERROR_CODEC;
}
