/** What the page draws with. Texts of the library only ever become text: it is nobody's markup. */

/** What stands in an element; nothing for null. */
export type Child = Node | string | null;

type Marks = { readonly [name: `aria-${string}`]: string } & {
  readonly role?: string;
  readonly class?: string;
  readonly for?: string;
};
type Tags = HTMLElementTagNameMap;
export type Traits<K extends keyof Tags> = Partial<Omit<Tags[K], "style" | "role">> & Marks;

/** Makes an element: what it knows as properties is set so, the rest as attributes. */
export function element<K extends keyof Tags>(tag: K, traits: Traits<K>, ...children: Child[]): Tags[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(traits)) {
    if (name in made && name !== "list") Object.assign(made, { [name]: value });
    else made.setAttribute(name, String(value));
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** A paragraph. */
export const paragraph = (text: string, kind = "") => element("p", { class: kind }, text);

/** A link to a place of the page, or elsewhere. */
export const link = (href: string, ...children: Child[]) => element("a", { href }, ...children);

/** A button that does something. */
export function button(text: string, onClick: (self: HTMLButtonElement) => void): HTMLButtonElement {
  const made = element("button", { type: "button" }, text);
  made.addEventListener("click", () => onClick(made));
  return made;
}

let hints = 0;

/** A field with what it asks for; the text is its label, the hint is read after it. */
export function field(text: string, input: HTMLElement, hint: string | null = null): HTMLElement {
  const label = element("label", {}, element("span", {}, text), input);
  if (hint === null) return label;
  hints += 1;
  const id = `hint-${hints}`;
  input.setAttribute("aria-describedby", id);
  return element("div", {}, label, element("small", { id }, hint));
}

/** A choice among words. */
export function choice(
  name: string,
  options: readonly (readonly [value: string, text: string])[],
): HTMLSelectElement {
  return element("select", { name }, ...options.map(([value, text]) => element("option", { value }, text)));
}

/** A part of the page under a heading, which names it. */
export function section(title: string, ...children: Child[]): HTMLElement {
  return element("section", { "aria-label": title }, element("h2", {}, title), ...children);
}

/** A list, or words where there is nothing to list. */
export function listing(rows: readonly Node[], empty: string): HTMLElement {
  if (rows.length === 0) return paragraph(empty, "quiet");
  return element("ul", { class: "rows" }, ...rows.map((row) => element("li", {}, row)));
}

/** Facts, each with its name; those that are not known are left out. */
export function facts(rows: readonly (readonly [name: string, value: string | null])[]): HTMLElement {
  const known = rows.filter(([, value]) => value !== null && value !== "");
  const pairs = known.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
  return element("dl", {}, ...pairs);
}

/** A form of fields with one button; what was typed goes to `onSubmit`. */
export function form(
  submit: string,
  fields: readonly Child[],
  onSubmit: (typed: FormData, submit: HTMLButtonElement) => void,
): HTMLFormElement {
  const send = element("button", { type: "submit", class: "main" }, submit);
  const made = element("form", {}, ...fields, send);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    onSubmit(new FormData(made), send);
  });
  return made;
}

/** What somebody typed into a field of a form, without the spaces around it. */
export function typedText(typed: FormData, name: string): string {
  const value = typed.get(name);
  return typeof value === "string" ? value.trim() : "";
}
