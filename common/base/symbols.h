/* symbols.h - codes that people read and type: Crockford's base 32, five bits a
 * symbol, without I, L, O and U */
#ifndef LATCHKEY_SYMBOLS_H
#define LATCHKEY_SYMBOLS_H

#include <stdbool.h>

enum { SYMBOLS_SIZE = 17 /* of a code of 13, with its dashes and its end */ };

/* Draws a code of that many symbols, in groups of four; what is left over
 * lengthens the last group. */
void symbols_draw(int count, char *code);

/* Reads a code of at most that many symbols as it was typed. Case, blanks and
 * dashes do not matter; O is 0, I and L are 1. False if it cannot be a code. */
bool symbols_read(const char *typed, int most, char *code);

#endif
