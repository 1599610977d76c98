/* code-text.h - a code as it is drawn, and as people type it */
#ifndef LATCHKEY_CODE_TEXT_H
#define LATCHKEY_CODE_TEXT_H

#include "account/code.h"

/* Draws XXXX-XXXX-XXXX, or so many digits (10 at most). */
void code_text_symbols(char code[CODE_SIZE]);
void code_text_digits(unsigned digits, char code[CODE_SIZE]);

/* Reads a code as it was typed: without regard to case, blanks, dashes, and O
 * for 0, I and L for 1. False if it cannot be one. */
bool code_text_read(const char *typed, char code[CODE_SIZE]);

/* Whether it is as long as a code of symbols, which no code of digits is. */
bool code_text_is_symbols(const char *typed);

#endif
