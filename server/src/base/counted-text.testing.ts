/** A text that counts how many characters its reader touched, so that a test can bound work without a clock. */
export interface CountedText {
  /** Passes for a string in code that only calls string methods. */
  readonly text: string;
  readStepCount(): number;
}

/** Wraps a text for one measurement; every slice of it counts into the same total. */
export function countSteps(value: string): CountedText {
  let steps = 0;
  class Counted extends String {
    override charCodeAt(index: number): number {
      steps += 1;
      return super.charCodeAt(index);
    }
    override codePointAt(index: number): number | undefined {
      steps += 1;
      return super.codePointAt(index);
    }
    override indexOf(part: string, from = 0): number {
      const found = super.indexOf(part, from);
      steps += 1 + (found < 0 ? this.length : found) - from;
      return found;
    }
    override slice(start?: number, end?: number): string {
      return wrap(super.slice(start, end));
    }
    override split(separator: string | { [Symbol.split](text: string, limit?: number): string[] }): string[] {
      return String(wrap(this.toString()))
        .split(separator as string)
        .map(wrap);
    }
    override trim(): string {
      return wrap(super.trim());
    }
    override toLowerCase(): string {
      return wrap(super.toLowerCase());
    }
    override startsWith(part: string, from = 0): boolean {
      steps += part.length;
      return super.startsWith(part, from);
    }
    override endsWith(part: string, end?: number): boolean {
      steps += part.length;
      return super.endsWith(part, end);
    }
  }
  // Copying a text costs its length; the object then stands in for the primitive it wraps.
  const wrap = (part: string): string => {
    steps += part.length;
    return new Counted(part) as unknown as string;
  };
  const text = wrap(value);
  steps = 0;
  return { text, readStepCount: () => steps };
}
