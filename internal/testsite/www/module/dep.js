export function answer() { return 'module __VERSION__'; }
