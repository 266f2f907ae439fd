/** The recipes of web/recipes, read from their comment headers. */
export type Recipe = {
  readonly file: string;
  readonly title: string;
  readonly audience: string;
  readonly about: string;
  /** What goes into the editor: the header as a short comment, then the document. */
  readonly text: string;
  /** The moment in the text that stands for the present, if there is one (`# now:`). */
  readonly present: string;
};

const AUDIENCES = ["Frontend team", "CRM integrator", "Mobile developer", "Partner", "Operator"] as const;
const COMMENT_WIDTH = 64;

const files = import.meta.glob<string>("../../recipes/*.graphql", {
  query: "?raw",
  import: "default",
  eager: true,
});

export const RECIPES: readonly Recipe[] = Object.entries(files)
  .map(([path, source]) => readRecipe(path.split("/").at(-1) ?? path, source))
  .sort((a, b) => rank(a) - rank(b) || a.file.localeCompare(b.file));

/** The recipe as it is to be run now. */
export function textOf(recipe: Recipe): string {
  return recipe.present ? recipe.text.replaceAll(recipe.present, new Date().toISOString()) : recipe.text;
}

export function recipesByAudience(): ReadonlyMap<string, readonly Recipe[]> {
  const groups = new Map<string, Recipe[]>();
  for (const recipe of RECIPES) groups.set(recipe.audience, [...(groups.get(recipe.audience) ?? []), recipe]);
  return groups;
}

function readRecipe(file: string, source: string): Recipe {
  const title = readHeader(source, "title");
  const about = readHeader(source, "about");
  const body = source.replace(/^# (title|for|about|now): .*\n/gm, "").trimStart();
  const comment = [title, ...wrap(about)].map((line) => `# ${line}`).join("\n");
  return {
    file,
    title,
    audience: readHeader(source, "for"),
    about,
    text: `${comment}\n${body}`,
    present: readHeader(source, "now"),
  };
}

function readHeader(source: string, label: string): string {
  return new RegExp(`^# ${label}: (.*)$`, "m").exec(source)?.[1]?.trim() ?? "";
}

function rank(recipe: Recipe): number {
  const found = AUDIENCES.findIndex((audience) => audience === recipe.audience);
  return found < 0 ? AUDIENCES.length : found;
}

function wrap(text: string): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < COMMENT_WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
