/** The side panel of GraphiQL that lists the recipes; a click opens one in a tab of its own. */
import { useGraphiQL, useGraphiQLActions, type GraphiQLPlugin } from "@graphiql/react";
import { Kind, parse } from "graphql";
import { recipesByAudience, textOf, type Recipe } from "./recipes";

export const RECIPE_PLUGIN: GraphiQLPlugin = {
  title: "Recipes",
  icon: RecipeSign,
  content: RecipePanel,
};

function RecipePanel() {
  const open = useOpenRecipe();
  return (
    <section className="recipes" aria-label="Recipes">
      <h2>Recipes</h2>
      <p>Each opens in its own tab and runs as it is, with the key you signed in with.</p>
      {[...recipesByAudience()].map(([audience, recipes]) => (
        <section key={audience} aria-label={audience}>
          <h3>{audience}</h3>
          <ul>
            {recipes.map((recipe) => (
              <li key={recipe.file}>
                <button type="button" data-recipe={recipe.file} onClick={() => open(recipe)}>
                  <strong>{recipe.title}</strong>
                  <span>{recipe.about}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </section>
  );
}

/** Where the panel covers the editors instead of standing beside them. */
export function isPhone(): boolean {
  return matchMedia("(max-width: 48rem)").matches;
}

function useOpenRecipe(): (recipe: Recipe) => void {
  const { addTab, setOperationFacts, setVisiblePlugin, updateActiveTabValues } = useGraphiQLActions();
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  return (recipe) => {
    if (queryEditor?.getValue().trim()) addTab();
    const text = textOf(recipe);
    updateActiveTabValues({ query: text });
    queryEditor?.setValue(text);
    // The editor reads what it holds with a delay; a recipe shall run at once, not under the name of the last tab.
    setOperationFacts(readFacts(text));
    if (isPhone()) setVisiblePlugin(null);
  };
}

function readFacts(text: string) {
  const documentAST = parse(text);
  const operations = documentAST.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const operationName = operations[0]?.name?.value;
  return { documentAST, operations, ...(operationName ? { operationName } : {}) };
}

function RecipeSign() {
  return (
    <svg viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M5 5.5A1.5 1.5 0 0 1 6.5 4H18a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H6.5A1.5 1.5 0 0 1 5 18.5z" />
      <path d="M9 9h6M9 12.5h6M9 16h3.5" strokeLinecap="round" />
    </svg>
  );
}
