/** Depth of folders that is followed; ours have six. */
export const FOLDERS_DEPTH_MAX = 32;
