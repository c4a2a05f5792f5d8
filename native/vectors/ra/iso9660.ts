import { ascii, type BytesLike, be16, be32, filled, join, le16, le32, put } from "./bytes.ts";
import type { Random } from "./random.ts";

/** What an image has besides its files. */
export interface IsoOptions {
  /** Added to every address, for tracks that do not start a disc. */
  readonly baseSector?: number | undefined;
  /** Sectors 0 to 15. */
  readonly system?: Uint8Array | undefined;
  /** Sectors of filler at the end, with the generator that fills them. */
  readonly tail?: { readonly sectors: number; readonly random?: Random | undefined } | undefined;
  /** Absolute addresses of files that lie outside of the image. */
  readonly fileSectors?: { readonly [path: string]: number } | undefined;
  /** Empty files before the others in the root folder. */
  readonly rootFillers?: number | undefined;
  readonly blockBytes?: number | undefined;
}

interface FileNode {
  readonly name: string;
  readonly data: Uint8Array;
  sector: number;
  readonly isOutside: boolean;
}

interface FolderNode {
  readonly name: string;
  readonly parent: FolderNode | null;
  readonly folders: Map<string, FolderNode>;
  readonly files: FileNode[];
  sector: number;
  sectors: number;
}

const SECTOR_BYTES = 2048;
const VERSION = ";1";
const FIRST_FOLDER_SECTOR = 20;

const createFolder = (name: string, parent: FolderNode | null): FolderNode => ({
  name,
  parent,
  folders: new Map(),
  files: [],
  sector: 0,
  sectors: 1,
});

function buildTree(files: { readonly [path: string]: Uint8Array }, options: IsoOptions): FolderNode {
  const root = createFolder("", null);
  for (let index = 0; index < (options.rootFillers ?? 0); index += 1) {
    const name = `AAFILL${String(index).padStart(3, "0")}.DAT${VERSION}`;
    root.files.push({ name, data: filled(0), sector: 0, isOutside: false });
  }
  for (const [path, data] of Object.entries(files)) {
    const names = path.split("/");
    const last = names.pop() ?? "";
    let folder = root;
    for (const name of names) {
      const next = folder.folders.get(name) ?? createFolder(name, folder);
      folder.folders.set(name, next);
      folder = next;
    }
    const sector = options.fileSectors?.[path];
    folder.files.push({ name: last + VERSION, data, sector: sector ?? 0, isOutside: sector !== undefined });
  }
  return root;
}

const listFolders = (folder: FolderNode): FolderNode[] => [
  folder,
  ...[...folder.folders.values()].flatMap(listFolders),
];

const recordBytes = (nameLength: number): number => 33 + nameLength + (nameLength % 2 === 0 ? 1 : 0);

/** Gives folders and files their places; gives the first sector behind them. */
function layOut(folders: readonly FolderNode[]): number {
  let next = FIRST_FOLDER_SECTOR;
  for (const folder of folders) {
    const names = [...folder.folders.keys(), ...folder.files.map(({ name }) => name)];
    let used = 0;
    for (const length of [34, 34, ...names.map((name) => recordBytes(name.length))]) {
      if (used + length > SECTOR_BYTES) {
        folder.sectors += 1;
        used = 0;
      }
      used += length;
    }
    folder.sector = next;
    next += folder.sectors;
  }
  for (const file of folders.flatMap(({ files }) => files)) {
    if (file.isOutside) continue;
    file.sector = next;
    next += Math.ceil(file.data.length / SECTOR_BYTES);
  }
  return next;
}

const both32 = (value: number): number[] => [...le32(value), ...be32(value)];
const both16 = (value: number): number[] => [...le16(value), ...be16(value)];

function formatRecord(name: BytesLike, place: { sector: number; sizeBytes: number; isFolder: boolean }) {
  const record = filled(recordBytes(name.length));
  record[0] = record.length;
  put(record, 2, both32(place.sector));
  put(record, 10, both32(place.sizeBytes));
  put(record, 18, [96, 1, 1, 0, 0, 0, 0]);
  record[25] = place.isFolder ? 2 : 0;
  put(record, 28, both16(1));
  record[32] = name.length;
  return put(record, 33, name);
}

const folderRecord = (name: BytesLike, folder: FolderNode, base: number): Uint8Array =>
  formatRecord(name, {
    sector: folder.sector + base,
    sizeBytes: folder.sectors * SECTOR_BYTES,
    isFolder: true,
  });

function writeFolder(image: Uint8Array, folder: FolderNode, base: number): void {
  const records = [
    folderRecord([0], folder, base),
    folderRecord([1], folder.parent ?? folder, base),
    ...[...folder.folders.values()].map((child) => folderRecord(ascii(child.name), child, base)),
    ...folder.files.map(({ name, data, sector, isOutside }) =>
      formatRecord(ascii(name), {
        sector: isOutside ? sector : sector + base,
        sizeBytes: data.length,
        isFolder: false,
      }),
    ),
  ];
  let at = folder.sector * SECTOR_BYTES;
  for (const record of records) {
    if ((at % SECTOR_BYTES) + record.length > SECTOR_BYTES)
      at = (Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES;
    image.set(record, at);
    at += record.length;
  }
}

function writeVolume(image: Uint8Array, root: FolderNode, options: IsoOptions): void {
  const base = options.baseSector ?? 0;
  const volume = image.subarray(16 * SECTOR_BYTES, 17 * SECTOR_BYTES);
  volume.fill(32, 8, 72);
  put(volume, 0, join([1], ascii("CD001"), [1]));
  put(volume, 8, "SYNTH");
  put(volume, 40, "VECTOR");
  put(volume, 80, both32(image.length / SECTOR_BYTES));
  put(volume, 120, both16(1));
  put(volume, 124, both16(1));
  put(volume, 128, both16(options.blockBytes ?? SECTOR_BYTES));
  put(volume, 132, both32(10));
  put(volume, 140, le32(18 + base));
  put(volume, 148, be32(19 + base));
  put(volume, 156, folderRecord([0], root, base));
  volume[881] = 1;
  put(image, 17 * SECTOR_BYTES, join([255], ascii("CD001"), [1]));
  put(image, 18 * SECTOR_BYTES, [1, 0, ...le32(root.sector + base), 1, 0, 0, 0]);
  put(image, 19 * SECTOR_BYTES, [1, 0, ...be32(root.sector + base), 0, 1, 0, 0]);
}

/** Gives a small ISO 9660 image: system area, descriptors, path tables, folders, then files. */
export function createIso(
  files: { readonly [path: string]: Uint8Array },
  options: IsoOptions = {},
): Uint8Array {
  const root = buildTree(files, options);
  const folders = listFolders(root);
  const end = layOut(folders);
  const tailSectors = options.tail?.sectors ?? 0;
  const image = filled((end + tailSectors) * SECTOR_BYTES);
  const filler = options.tail?.random?.soft(tailSectors * SECTOR_BYTES);
  if (filler !== undefined) image.set(filler, end * SECTOR_BYTES);
  if (options.system !== undefined) image.set(options.system.subarray(0, 16 * SECTOR_BYTES));
  for (const folder of folders) writeFolder(image, folder, options.baseSector ?? 0);
  for (const { data, sector, isOutside } of folders.flatMap((folder) => folder.files))
    if (!isOutside) image.set(data, sector * SECTOR_BYTES);
  writeVolume(image, root, options);
  return image;
}
