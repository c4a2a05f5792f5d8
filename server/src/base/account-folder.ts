/** The folder of everything an account keeps as files, below the assets folder. The name is compatible. */
export function toAccountFolder(userId: number): string {
  return `users/${Buffer.from(`User:${userId}`).toString("hex")}`;
}
