/** Light and dark: as the system has it, until the reader wants the other one. */
import { el } from './dom.ts';

const system = matchMedia('(prefers-color-scheme: dark)');
const listeners: (() => void)[] = [];

/** Whether it is dark now. */
function isDark(): boolean {
  const chosen = document.documentElement.dataset['theme'];
  return chosen === undefined ? system.matches : chosen === 'dark';
}

/** Calls back when the colours have changed. */
export function onTheme(changed: () => void): void {
  listeners.push(changed);
}

function tell(): void {
  for (const listener of listeners) listener();
}

/** The button that changes it. */
export function themeButton(): HTMLButtonElement {
  const toggle = el('button', { type: 'button', class: 'theme', id: 'theme' }, 'Dark');
  const update = (): void => toggle.setAttribute('aria-pressed', String(isDark()));
  toggle.addEventListener('click', () => {
    document.documentElement.dataset['theme'] = isDark() ? 'light' : 'dark';
    tell();
  });
  system.addEventListener('change', tell);
  onTheme(update);
  update();
  return toggle;
}

/** A colour of the style sheet as canvases take it: `--accent` in the theme that is on. */
export function colour(name: string): string {
  const probe = el('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
