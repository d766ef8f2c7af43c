/*
 * CRC-32 is arithmetic with polynomials whose coefficients are bits, modulo one of degree 32; the highest coefficient is
 * the lowest bit. A byte of zeros multiplies the register (the sum's complement) by x^8, n of them by x^(8n).
 */
const MODULUS = 0xedb88320;
const ONE = 0x80000000;
const X_TO_THE_8 = 0x00800000;

/** The CRC-32 of a content with `sum` and `zeroBytes` zeros after it, in as many steps as that number has bits. Pure. */
export function crcWithZeros(sum: number, zeroBytes: number): number {
  return ~multiply(~sum, power(X_TO_THE_8, zeroBytes)) >>> 0;
}

function power(base: number, exponent: number): number {
  let result = ONE;
  for (let rest = exponent, square = base; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = multiply(result, square);
    square = multiply(square, square);
  }
  return result;
}

function multiply(a: number, b: number): number {
  let product = 0;
  for (let coefficient = ONE, term = b; coefficient !== 0; coefficient >>>= 1) {
    if ((a & coefficient) !== 0) product ^= term;
    term = (term & 1) === 0 ? term >>> 1 : (term >>> 1) ^ MODULUS;
  }
  return product;
}
