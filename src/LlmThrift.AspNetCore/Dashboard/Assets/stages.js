// The stages in the order in which they are drawn, from the bottom up. Colours: Okabe and Ito's, which most people who see fewer colours can tell apart; see the style sheet.

const known = [
  ["exact_cache", "Exact cache"],
  ["semantic_cache", "Semantic cache"],
  ["routing", "Model routing"],
  ["context_trimming", "Context trimming"],
  ["provider_cache", "Provider’s cache"],
  ["output_limits", "Output limits"],
  ["resilience", "Resilience"],
  ["budgets", "Budgets"],
];

const titles = new Map(known);
const order = new Map(known.map(([stage], index) => [stage, index]));

export const stageTitle = (stage) => titles.get(stage) ?? stage;

export const stageClass = (stage) => (titles.has(stage) ? `stage-${stage}` : "stage-other");

export function inOrder(stages) {
  return [...stages].sort((a, b) => (order.get(a) ?? 99) - (order.get(b) ?? 99) || (a < b ? -1 : 1));
}
