// The numbers by which the host names a codec. Read by the host as well, hence no AssemblyScript types here.

export const CODEC_DEFLATE = 1;
export const CODEC_LZMA = 2;
export const CODEC_HUFF = 3;
export const CODEC_FLAC = 4;
export const CODEC_ZSTD = 5;
export const CODEC_CD_DEFLATE = 6;
export const CODEC_CD_LZMA = 7;
export const CODEC_CD_FLAC = 8;
export const CODEC_CD_ZSTD = 9;
