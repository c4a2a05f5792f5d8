/** One region of the naming conventions: the code in a file name, the name shown, the code scrapers use. */
export interface RegionFact {
  readonly code: string;
  readonly name: string;
  /** Null for the two or three "regions" that are really a legal status. */
  readonly providerCode: string | null;
}

/** One language of the naming conventions. */
export interface LanguageFact {
  readonly code: string;
  readonly name: string;
}

/** Codes as GoodTools and No-Intro names use them; "EU", "US" and "JP" are deliberately not among them. */
export const REGIONS: readonly RegionFact[] = [
  { code: "A", name: "Australia", providerCode: "au" },
  { code: "AS", name: "Asia", providerCode: "asi" },
  { code: "B", name: "Brazil", providerCode: "br" },
  { code: "C", name: "Canada", providerCode: "ca" },
  { code: "CH", name: "China", providerCode: "cn" },
  { code: "E", name: "Europe", providerCode: "eu" },
  { code: "F", name: "France", providerCode: "fr" },
  { code: "FN", name: "Finland", providerCode: "fi" },
  { code: "G", name: "Germany", providerCode: "de" },
  { code: "GR", name: "Greece", providerCode: "gr" },
  { code: "H", name: "Holland", providerCode: "nl" },
  { code: "HK", name: "Hong Kong", providerCode: "hk" },
  { code: "I", name: "Italy", providerCode: "it" },
  { code: "J", name: "Japan", providerCode: "jp" },
  { code: "K", name: "Korea", providerCode: "kr" },
  { code: "NL", name: "Netherlands", providerCode: "nl" },
  { code: "NO", name: "Norway", providerCode: "no" },
  { code: "PD", name: "Public Domain", providerCode: null },
  { code: "R", name: "Russia", providerCode: "ru" },
  { code: "S", name: "Spain", providerCode: "sp" },
  { code: "SW", name: "Sweden", providerCode: "se" },
  { code: "T", name: "Taiwan", providerCode: "tw" },
  { code: "U", name: "USA", providerCode: "us" },
  { code: "UK", name: "England", providerCode: "uk" },
  { code: "UNK", name: "Unknown", providerCode: null },
  { code: "UNL", name: "Unlicensed", providerCode: null },
  { code: "W", name: "World", providerCode: "wor" },
];

export const LANGUAGES: readonly LanguageFact[] = [
  { code: "Ar", name: "Arabic" },
  { code: "Da", name: "Danish" },
  { code: "De", name: "German" },
  { code: "El", name: "Greek" },
  { code: "En", name: "English" },
  { code: "Es", name: "Spanish" },
  { code: "Fi", name: "Finnish" },
  { code: "Fr", name: "French" },
  { code: "It", name: "Italian" },
  { code: "Ja", name: "Japanese" },
  { code: "Ko", name: "Korean" },
  { code: "Nl", name: "Dutch" },
  { code: "No", name: "Norwegian" },
  { code: "Pl", name: "Polish" },
  { code: "Pt", name: "Portuguese" },
  { code: "Ru", name: "Russian" },
  { code: "Sr", name: "Serbian" },
  { code: "Sv", name: "Swedish" },
  { code: "Zh", name: "Chinese" },
  { code: "nolang", name: "No Language" },
];
