/** To three significant digits or one decimal, whichever is more: what a measurement is worth. */
export function round(number: number): number {
  const digits = Math.abs(number) >= 100 ? 0 : Math.abs(number) >= 10 ? 1 : 3;
  return Number(number.toFixed(digits));
}
