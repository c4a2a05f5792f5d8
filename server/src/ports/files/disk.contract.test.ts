import { runFilesContract } from "./contract.ts";
import { createDiskFiles } from "./disk.ts";

runFilesContract("the disk", createDiskFiles);
