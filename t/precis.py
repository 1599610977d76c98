#!/usr/bin/python3
"""Which code points are a userpart by themselves, and which, by RFC 8264, 8265 and 5893 and Python's own Unicode data.

One line each, as `t/unit/base/name --points` prints them, which goes by libunistring's.
"""
import unicodedata

# RFC 8264, 9.6; those that are valid in a context only are not, alone: no number from right to left begins a name either.
VALID = {0xDF, 0x3C2, 0x6FD, 0x6FE, 0xF0B, 0x3007}
NEVER = {0xB7, 0x375, 0x5F3, 0x5F4, 0x30FB, 0x640, 0x7FA, 0x302E, 0x302F, 0x303B, *range(0x3031, 0x3036), 0x200C, 0x200D,
         *range(0x660, 0x66A)}
OLD_HANGUL = [(0x1100, 0x11FF), (0xA960, 0xA97C), (0xD7B0, 0xD7C6), (0xD7CB, 0xD7FB)]
# Default_Ignorable_Code_Point, of which Python knows nothing: those that are letters or marks.
IGNORABLE = [(0x34F, 0x34F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x3164, 0x3164), (0xFE00, 0xFE0F),
             (0xFFA0, 0xFFA0), (0xE0000, 0xE0FFF)]
CATEGORIES = {'Ll', 'Lu', 'Lo', 'Nd', 'Lm', 'Mn', 'Mc'}


def is_in(point, ranges):
    return any(first <= point <= last for first, last in ranges)


def mapped(text):
    narrow = ''
    for char in text:
        form, _, rest = unicodedata.decomposition(char).partition(' ')
        narrow += chr(int(rest, 16)) if form in ('<wide>', '<narrow>') else char
    return unicodedata.normalize('NFC', narrow.lower())


def is_allowed(char):
    point = ord(char)
    if point in VALID or point in NEVER:
        return point in VALID
    if point < 0x80:
        return 0x20 < point < 0x7F
    return not is_in(point, OLD_HANGUL) and not is_in(point, IGNORABLE) and \
        unicodedata.category(char) in CATEGORIES and unicodedata.normalize('NFKC', char) == char


def keeps_bidi_rule(text):
    kinds = [unicodedata.bidirectional(char) for char in text]
    if not {'R', 'AL', 'AN'} & set(kinds):
        return True
    while kinds[-1] == 'NSM':
        kinds.pop()
    return kinds[0] in ('R', 'AL') and kinds[-1] in ('R', 'AL', 'EN', 'AN') and not {'EN', 'AN'} <= set(kinds) and \
        set(kinds) <= {'R', 'AL', 'AN', 'EN', 'ES', 'CS', 'ET', 'ON', 'BN', 'NSM'}


def enforce(text):
    for _ in range(4):
        was, text = text, mapped(text)
        if text == was:
            break
    return text if text == mapped(text) and all(map(is_allowed, text)) and keeps_bidi_rule(text) else None


for number in range(1, 0x110000):
    if not 0xD800 <= number < 0xE000:
        name = enforce(chr(number))
        if name:
            print(f'{number:X} {name}')
