/* hash-text.c - known hashes of every scheme: what each says of itself, that
 * its password fits and that nothing damaged does; classes, decoys, admission
 */
#include "config.h"

#include "account/hash-classes.h"
#include "password/foreign.h"
#include "password/hash-admit.h"
#include "password/hash-text.h"
#include "unit.h"

#include <crypt.h>

enum { KIB = 1024, MIB = 1024 * 1024 };

/* From the schemes' specifications, mkpasswd, openssl passwd, argon2, passlib,
 * Django, Werkzeug, slappasswd, htpasswd, and PHP by WordPress's two calls.
 * `equal`: how many of its damaged forms are good hashes of the same. */
/* clang-format off */
static const struct {
	const char *name, *password, *hash, *class;
	uint64_t memory;
	int equal;
} known[] = {
	{"yescrypt", "Correct Horse 9!", "$y$j75$aaaaaaaaaaaaaaaaaaaaa/$XZd19u7yt4EB4ldKiAmgTTYRl6HtzkutbJkmuXKMgM0",
		"$y$j75$......................", MIB, 0},
	{"yescrypt", "p\xc3\xa4ssword \xc3\xa9\xed\x95\x9c", "$y$j75$aaaaaaaaaaaaaaaaaaaaa/$Fm5zermAlxvXiiYQ3oeZuWouivuh94vEolxHIgGp67D",
		"$y$j75$......................", MIB, 0},
	{"yescrypt", "Correct Horse 9!", "$y$j75$$H0XP6Ey6gTCO2cFu9EY1K4h7Rsx2H1EPPZddYNrbv82",
		"$y$j75$", MIB, 0},
	{"yescrypt", "Correct Horse 9!", "$y$j75.5$aaaaaaaa$.umMIP1FdlsJRB/tV2LWKVAOZ8YEgnYc4RzDqDTlvC8",
		"$y$j75.5$........", MIB + 8 * 13 * KIB, 0},
	{"yescrypt", "Correct Horse 9!", "$y$j75/.$aaaa$q0FUppix0aPyk4S2.tA08bOzAGuwwZOF5NYBGcZzeMC",
		"$y$j75/.$....", MIB, 0},
	{"yescrypt", "Correct Horse 9!", "$y$.75$aaaa$bvEW0CJX/b/XIGp8WNSUi4tJN5OTIJilvbOXNPhi2g5",
		"$y$.75$....", MIB, 0},
	{"gost-yescrypt", "Correct Horse 9!", "$gy$j75$aaaaaaaaaaaaaaaaaaaaa/$3XSiXbOKF5mrH8HYxgnigFk1fpMmo2vYNH5nlyGNz0A",
		"$gy$j75$......................", MIB, 0},
	{"scrypt", "Correct Horse 9!", "$7$66..../....SodiumChloride$1HocET3QqQsZOM1IlhLHkI4p.bz3xw6Tde4gyJEsMp3",
		"$7$66..../..................", 256 * KIB, 0},
	{"bcrypt", "U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
		"$2b$05$......................", 0, 0},
	{"bcrypt", "Correct Horse 9!", "$2b$04$CCCCCCCCCCCCCCCCCCCCC.sJhkO71lytMb6qqzkMdnCqqDfhCBNrm",
		"$2b$04$......................", 0, 0},
	{"bcrypt", "Correct Horse 9!", "$2y$05$abcdefghijklmnopqrstuuut4gnuBpgod8LJBYwd0MuYUsKfKQZfi",
		"$2b$05$......................", 0, 1},
	{"bcrypt", "Correct Horse 9!", "$2x$05$abcdefghijklmnopqrstuuut4gnuBpgod8LJBYwd0MuYUsKfKQZfi",
		"$2b$05$......................", 0, 1},
	{"sha512crypt", "Hello world!", "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
		"$6$..........", 0, 0},
	{"sha512crypt", "Correct Horse 9!", "$6$rounds=1000$saltstring$NnFtg9ryFmoccYLZpQBgK/IMtPgxOYmtAXT3g0DoQ1IWYc3hhjROtzrEpDe4.pdRxSjFBky87XiXtcYaraGt8.",
		"$6$rounds=1000$..........", 0, 0},
	{"sha512crypt", "Correct Horse 9!", "$6$$f18SCYt91trDtm6zqYKo4oG1Bcvo/KNO.lAz8JzvWAr2PY6vEgEnIpPjKJQPrUc5S4nndzcQA09eYyBWqsHsM1",
		"$6$", 0, 0},
	{"sha256crypt", "Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
		"$5$..........", 0, 0},
	{"sha256crypt", "Correct Horse 9!", "$5$rounds=1000$saltstring$6uJWNS8JE8ExlW7sKa.5Z4ereatngEa/IpmvQc6n554",
		"$5$rounds=1000$..........", 0, 0},
	{"sha1crypt", "Correct Horse 9!", "$sha1$24680$aBcDeFgH$LJsCwBS.TcaO0oyXp3aZUVhUvIj9",
		"$sha1$24680$........", 0, 0},
	{"SunMD5", "Correct Horse 9!", "$md5,rounds=10$saltsalt$$MubPhMohfAZ7FrjwzOssq0",
		"$md5,rounds=10$........", 0, 0},
	{"SunMD5", "Correct Horse 9!", "$md5$rounds=10$saltsalt$$F5NESBrlWkEV3mmgL1IWu1",
		"$md5$rounds=10$........", 0, 0},
	{"SunMD5", "Correct Horse 9!", "$md5$saltsalt$PZgmQkjw2cs4WplkfprML/",
		"$md5$........", 0, 0},
	{"SunMD5", "Correct Horse 9!", "$md5$saltsalt$$HMbrU5XUdczdkAKok65DU0",
		"$md5$........", 0, 0},
	{"md5crypt", "Correct Horse 9!", "$1$Sfg6yHkv$7ccyi/iegxy/JHQZWtROM0",
		"$1$........", 0, 0},
	{"NT", "Correct Horse 9!", "$3$$7199fb2d4cfb2a927888bd9a1eaa0569",
		"$3$", 0, 0},
	{"bsdicrypt", "Correct Horse 9!", "_Z/..O2WLw0NK3pC77.M",
		"_Z/......", 0, 0},
	{"descrypt", "Correct Horse 9!", "VDWSQDpkvIxQU",
		"..", 0, 0},
	/* Cut at 13 it is descrypt's of the password's first eight. */
	{"bigcrypt", "Correct Horse 9!", "abwirc53tCB5whNW40m50P0U",
		"..............", 0, 1},
	{"argon2id", "Correct Horse 9!", "$argon2id$v=19$m=256,t=2,p=2$c2FsdHNhbHRzYWx0$lKBFfkonprQXAzQwZDqrXcwZtTQK3b16m07yP0XBb5E",
		"$argon2id$v=19$m=256,t=2,p=2$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 256 * KIB, 0},
	{"argon2i", "Correct Horse 9!", "$argon2i$v=19$m=64,t=3,p=1$c2FsdHNhbHRzYWx0$iPKcsNFSp9ddE3RQ/FfcRDBxdf1yotD6rJFwKHdhdoE",
		"$argon2i$v=19$m=64,t=3,p=1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 64 * KIB, 0},
	/* of other systems */
	{"pbkdf2-sha1", "Correct Horse 9!", "$pbkdf2$1000$KiXE.N87B2AshVBKKeU8Bw$f24ucMk/BhCZ6YpidMk6FDBmhxQ",
		"$pbkdf2$1000$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAA", 0, 0},
	{"pbkdf2-sha256", "Correct Horse 9!", "$pbkdf2-sha256$1000$srZWqjWm9D5HyFmr1TpHyA$ym1l3mgt6uuX6shXyAvTeVbx4ke1te8OsF07CQH.wc4",
		"$pbkdf2-sha256$1000$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0, 0},
	{"pbkdf2-sha512", "Correct Horse 9!", "$pbkdf2-sha512$1000$aU3JmROCUAqh9L73fi.F8A$i2ELzEEaTH0yxk2wNi3Kfai2ekwUfdBZ9y8jTCkaRkPOePwsc3ZhoPOMuzcbrt29FXL53S5LBeC0zNIEuGRXMw",
		"$pbkdf2-sha512$1000$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0, 0},
	{"pbkdf2-sha256", "Correct Horse 9!", "$pbkdf2-sha256$1000$AAECAwQFBgcICQoLDA0ODw$Nz6wyjLrUUqtz6aADK2URv08hRxa5xieDaDw0in5Hbn3zO8MEVNwDUFQeUoCXK/tYJq7tWgTwiciDJkI3QOGPA",
		"$pbkdf2-sha256$1000$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0, 0},
	{"pbkdf2-sha1", "Correct Horse 9!", "pbkdf2_sha1$1000$wN3LcPjKq8Zt$jFQog5EFbfQDHo//+12rAOt9G78=",
		"pbkdf2_sha1$1000$............$AAAAAAAAAAAAAAAAAAAAAAAAAAA=", 0, 0},
	{"pbkdf2-sha256", "Correct Horse 9!", "pbkdf2_sha256$1000$wN3LcPjKq8Zt5vRyHb2dTs$Yl+jAFVRHK5WUfTWzrorqtTaB1juvWCV+LI3FSfFRpI=",
		"pbkdf2_sha256$1000$......................$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 0, 0},
	{"pbkdf2-sha1", "Correct Horse 9!", "pbkdf2:sha1:1000$VenNiuCY0zdrk3Rn$a8ab400c2fa852e7c03136f169f56d7d11465453",
		"pbkdf2:sha1:1000$................$0000000000000000000000000000000000000000", 0, 0},
	{"pbkdf2-sha256", "Correct Horse 9!", "pbkdf2:sha256:1000$1tlT5SvUydjOqyVV$c6b9065009673ba2b051c85a7567f35022aa3a0002d1a4466ddbf69fa837b13c",
		"pbkdf2:sha256:1000$................$0000000000000000000000000000000000000000000000000000000000000000", 0, 0},
	{"pbkdf2-sha512", "Correct Horse 9!", "pbkdf2:sha512:1000$0rme1mcPesc58tQj$32c2df2052661c85d8aeb6a3bd987ca555e5be24f7faeba21c4bc4267f07177f51d214e1132fb295c91f39bffb14f7a08240108dc4af4477878ecd8fb249e652",
		"pbkdf2:sha512:1000$................$00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000", 0, 0},
	{"scrypt", "Correct Horse 9!", "scrypt:16:8:1$VenNiuCY0zdrk3Rn$5102524aa915d6b84bdfeb24ea79039ff1e1f3812dfda26317d48604890f416bd8a995517dc159c81a5b2d54ee56caebc7709a53ebc5b5159d44826f21d712e8",
		"scrypt:16:8:1$................$00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000", 16 * KIB, 0},
	{"scrypt", "Correct Horse 9!", "$scrypt$ln=4,r=8,p=2$Y4xRKqX0nvP+nxOi1Nqb8w$euw9lZjJhlYxm0VzurlZZyjPJK6awH6YPj8KztVkcY8",
		"$scrypt$ln=4,r=8,p=2$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 17 * KIB, 0},
	{"sha1", "Correct Horse 9!", "{SHA}Ye9s7E0V/vVxi0DI/ALc2VIWluU=",
		"{SHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA=", 0, 0},
	{"salted-sha1", "Correct Horse 9!", "{SSHA}E8dLNs3ZuFIbO32RJhWFdZr+CILvCbcv",
		"{SSHA}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0, 0},
	{"sha256", "Correct Horse 9!", "{SHA256}KqYU19u3eOqZBtsUVpAigh98uv0hjKAOsKFjHtfIarQ=",
		"{SHA256}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", 0, 0},
	{"salted-sha256", "Correct Horse 9!", "{SSHA256}1iPSElTPU84aRYzBezZbJS3nxd0M0Cr2qWTYHGYivP7vMI6rlL8mqQ==",
		"{SSHA256}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", 0, 0},
	{"sha512", "Correct Horse 9!", "{SHA512}VU19ydedjrOKGZ2HAMfUI64m8lo7djZ9MnhaATrAGvwBpTGTecUzeiD69higQyTuk4znjqOC1irVJSgfomVCyg==",
		"{SHA512}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", 0, 0},
	{"salted-sha512", "Correct Horse 9!", "{SSHA512}hrVkzlV9OmtipOaJ0Zi8cea4LDVPRyyXvzhmgn00TCU5kGNpf1rXVcP1kAVq/c6uTQrEAxvi/gdz2oU+Omu6bl3vCtW6Lpv2",
		"{SSHA512}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0, 0},
	{"apr1", "Correct Horse 9!", "$apr1$tivj9/0x$OhaDMCrFKCGUYo189Zrt5/",
		"$apr1$........$......................", 0, 0},
	{"phpass", "Correct Horse 9!", "$P$5WSYf3gAvushsEV3yI4VJE//R/daSG/",
		"$P$5..............................", 0, 0},
	{"phpass", "Correct Horse 9!", "$H$5WSYf3gAvushsEV3yI4VJE//R/daSG/",
		"$P$5..............................", 0, 0},
	{"bcrypt-of-sha384", "Correct Horse 9!", "$wp$2y$04$gSDawb2KncHcXQ39FjdfpOM2f3MVGqFiP.9gW3sGAGI98BK7Ukymq",
		"$wp$2y$04$......................", 0, 0},
	{"bcrypt-of-sha256", "Correct Horse 9!", "bcrypt_sha256$$2b$04$CCCCCCCCCCCCCCCCCCCCC.1U3IiSWp/i1rzCbfK24x6hojoRXt/X.",
		"bcrypt_sha256$$2b$04$......................", 0, 0},
};

/* Of no scheme, or not to the letter. */
static const char *const malformed[] = {"", "*0", "*1", "!", "!!", "x", "$",
	"$$", "$y$", "$y$$", "$y$j9T$", "$y$j9T", "$2b$", "$2b$05$", "$2b$99$",
	"$6$", "$6$$", "$6$rounds=$", "$6$rounds=1000", "$7$", "$7$C",
	"$nosuch$abc", "secret", "$y$\xff\xff\xff$", "$argon2id$", "$argon2id$v=19$",
	"!$1$Sfg6yHkv$7ccyi/iegxy/JHQZWtROM0", "$1$Sfg6yHkv$7ccyi/iegxy/JHQZWtROM0 ",
	/* a salt that leaves bits over, a bit of bcrypt's hash that is none */
	"$y$j75$aaaaaaaaaaaaaaaaaaaaaa$XZd19u7yt4EB4ldKiAmgTTYRl6HtzkutbJkmuXKMgM0",
	"$2b$04$CCCCCCCCCCCCCCCCCCCCCCsJhkO71lytMb6qqzkMdnCqqDfhCBNrm",
	/* with a ROM, which crypt(3) has none for; a parameter of yescrypt's g */
	"$y$j757.$aaaa$XZd19u7yt4EB4ldKiAmgTTYRl6HtzkutbJkmuXKMgM0",
	"$y$j751.$aaaa$XZd19u7yt4EB4ldKiAmgTTYRl6HtzkutbJkmuXKMgM0",
	/* no such flavour; classic with a t; two blocks; two for a thread */
	"$y$J75$....$XZd19u7yt4EB4ldKiAmgTTYRl6HtzkutbJkmuXKMgM0",
	"$y$.75/.$....$XZd19u7yt4EB4ldKiAmgTTYRl6HtzkutbJkmuXKMgM0",
	"$y$j.5$....$XZd19u7yt4EB4ldKiAmgTTYRl6HtzkutbJkmuXKMgM0",
	"$y$j/5..$....$XZd19u7yt4EB4ldKiAmgTTYRl6HtzkutbJkmuXKMgM0",
	"$7$/6..../....abcd$XZd19u7yt4EB4ldKiAmgTTYRl6HtzkutbJkmuXKMgM0",
	"$2b$03$CCCCCCCCCCCCCCCCCCCCC.sJhkO71lytMb6qqzkMdnCqqDfhCBNrm",
	"$2b$32$CCCCCCCCCCCCCCCCCCCCC.sJhkO71lytMb6qqzkMdnCqqDfhCBNrm",
	/* rounds: too few, a leading zero, a sign, too many */
	"$5$rounds=999$saltstring$6uJWNS8JE8ExlW7sKa.5Z4ereatngEa/IpmvQc6n554",
	"$5$rounds=01000$saltstring$6uJWNS8JE8ExlW7sKa.5Z4ereatngEa/IpmvQc6n554",
	"$5$rounds=+1000$saltstring$6uJWNS8JE8ExlW7sKa.5Z4ereatngEa/IpmvQc6n554",
	"$5$rounds=1000000000$saltstring$6uJWNS8JE8ExlW7sKa.5Z4ereatngEa/IpmvQc6n554",
	"$sha1$-1$aBcDeFgH$LJsCwBS.TcaO0oyXp3aZUVhUvIj9",
	"$sha1$0$aBcDeFgH$LJsCwBS.TcaO0oyXp3aZUVhUvIj9",
	"$sha1$4294967296$aBcDeFgH$LJsCwBS.TcaO0oyXp3aZUVhUvIj9",
	/* a salt longer than what is hashed */
	"$1$Sfg6yHkv9$7ccyi/iegxy/JHQZWtROM0",
	"$3$$7199FB2D4CFB2A927888BD9A1EAA0569",
	/* p times 8 KiB is the least; nothing by zero */
	"$argon2id$v=19$m=15,t=2,p=2$c2FsdHNhbHRzYWx0$lKBFfkonprQXAzQwZDqrXcwZtTQK3b16m07yP0XBb5E",
	"$argon2id$v=19$m=256,t=0,p=2$c2FsdHNhbHRzYWx0$lKBFfkonprQXAzQwZDqrXcwZtTQK3b16m07yP0XBb5E",
	"$argon2id$v=19$m=256,t=2,p=0$c2FsdHNhbHRzYWx0$lKBFfkonprQXAzQwZDqrXcwZtTQK3b16m07yP0XBb5E",
	/* a salt of seven bytes; padding */
	"$argon2id$v=19$m=256,t=2,p=1$c2FsdHNhbA$lKBFfkonprQXAzQwZDqrXcwZtTQK3b16m07yP0XBb5E",
	"$argon2id$v=19$m=256,t=2,p=2$c2FsdHNhbHRzYWx0$lKBFfkonprQXAzQwZDqrXcwZtTQK3b16m07yP0XBb5E=",
	/* PBKDF2: no round, a leading zero, too many; no salt, an empty one; no
	 * padding, too much, bits over, a hash of another digest's length */
	"pbkdf2_sha256$0$salt$Yl+jAFVRHK5WUfTWzrorqtTaB1juvWCV+LI3FSfFRpI=",
	"pbkdf2_sha256$01000$salt$Yl+jAFVRHK5WUfTWzrorqtTaB1juvWCV+LI3FSfFRpI=",
	"pbkdf2_sha256$4294967296$salt$Yl+jAFVRHK5WUfTWzrorqtTaB1juvWCV+LI3FSfFRpI=",
	"pbkdf2_sha256$1000$Yl+jAFVRHK5WUfTWzrorqtTaB1juvWCV+LI3FSfFRpI=",
	"pbkdf2_sha256$1000$$Yl+jAFVRHK5WUfTWzrorqtTaB1juvWCV+LI3FSfFRpI=",
	"pbkdf2_sha256$1000$salt$Yl+jAFVRHK5WUfTWzrorqtTaB1juvWCV+LI3FSfFRpI",
	"pbkdf2_sha256$1000$salt$Yl+jAFVRHK5WUfTWzrorqtTaB1juvWCV+LI3FSfFRpI==",
	"pbkdf2_sha256$1000$salt$Yl+jAFVRHK5WUfTWzrorqtTaB1juvWCV+LI3FSfFRpJ=",
	"pbkdf2_sha1$1000$salt$Yl+jAFVRHK5WUfTWzrorqtTaB1juvWCV+LI3FSfFRpI=",
	"pbkdf2:sha1:1000$salt$A8ab400c2fa852e7c03136f169f56d7d11465453",
	"pbkdf2:md5:1000$salt$a8ab400c2fa852e7c03136f169f56d7d",
	"$pbkdf2-sha256$1000$srZWqjWm9D5HyFmr1TpHyB$ym1l3mgt6uuX6shXyAvTeVbx4ke1te8OsF07CQH.wc4",
	"$pbkdf2-sha256$1000$srZWqjWm9D5HyFmr1TpHyA$ym1l3mgt6uuX6shXyAvTeVbx4ke1te8OsF07CQH+wc4",
	/* scrypt: N no power of two, 1, 0; r and p of too much; ln */
	"scrypt:1000:8:1$salt$5102524aa915d6b84bdfeb24ea79039ff1e1f3812dfda26317d48604890f416bd8a995517dc159c81a5b2d54ee56caebc7709a53ebc5b5159d44826f21d712e8",
	"scrypt:1:8:1$salt$5102524aa915d6b84bdfeb24ea79039ff1e1f3812dfda26317d48604890f416bd8a995517dc159c81a5b2d54ee56caebc7709a53ebc5b5159d44826f21d712e8",
	"scrypt:0:8:1$salt$5102524aa915d6b84bdfeb24ea79039ff1e1f3812dfda26317d48604890f416bd8a995517dc159c81a5b2d54ee56caebc7709a53ebc5b5159d44826f21d712e8",
	"scrypt:16:65536:65536$salt$5102524aa915d6b84bdfeb24ea79039ff1e1f3812dfda26317d48604890f416bd8a995517dc159c81a5b2d54ee56caebc7709a53ebc5b5159d44826f21d712e8",
	"$scrypt$ln=0,r=8,p=1$Y4xRKqX0nvP+nxOi1Nqb8w$euw9lZjJhlYxm0VzurlZZyjPJK6awH6YPj8KztVkcY8",
	"$scrypt$ln=64,r=8,p=1$Y4xRKqX0nvP+nxOi1Nqb8w$euw9lZjJhlYxm0VzurlZZyjPJK6awH6YPj8KztVkcY8",
	/* a salted digest without a salt, and the other way round; in lower
	 * case, which hash-form.c makes upper case */
	"{SSHA}Ye9s7E0V/vVxi0DI/ALc2VIWluU=", "{SHA}E8dLNs3ZuFIbO32RJhWFdZr+CILvCbcv",
	"{SSHA}", "{SHA}", "{sha}Ye9s7E0V/vVxi0DI/ALc2VIWluU=",
	/* phpass: 2^6 and 2^31 rounds; an old MD5 alone */
	"$P$4WSYf3gAvushsEV3yI4VJE//R/daSG/", "$P$TWSYf3gAvushsEV3yI4VJE//R/daSG/",
	"$P$5WSYf3gAvushsEV3yI4VJE//R/daSG", "$apr1$tivj9/0xx$OhaDMCrFKCGUYo189Zrt5/",
	"$wp$2b$04$gSDawb2KncHcXQ39FjdfpOM2f3MVGqFiP.9gW3sGAGI98BK7Ukymq",
	"$wp$2y$03$gSDawb2KncHcXQ39FjdfpOM2f3MVGqFiP.9gW3sGAGI98BK7Ukymq",
	"bcrypt_sha256$2b$04$CCCCCCCCCCCCCCCCCCCCC.1U3IiSWp/i1rzCbfK24x6hojoRXt/X."};

static const struct {
	const char *name, *hash, *reason;
} refused[] = {
	{"nothing", "", "no scheme"},
	{"a locked one", "!$1$Sfg6yHkv$7ccyi/iegxy/JHQZWtROM0", "locked"},
	{"a star", "*", "locked"},
	{"one of MD5 alone", "5f4dcc3b5aa765d61d8327deb882cf99", "no scheme"},
	{"one cut short", "$1$Sfg6yHkv$7ccyi/iegxy/JHQZWtROM", "damaged"},
	{"argon2d", "$argon2d$v=19$m=256,t=2,p=1$c2FsdHNhbHRzYWx0$0KC+vSkCItITo/RedHypG9cpuf31xypZHkunvXOV4/8", "argon2d"},
	{"Argon2 of version 16", "$argon2id$v=16$m=256,t=2,p=1$c2FsdHNhbHRzYWx0$OmQWfwORcSWRpf5jKt/4MXpGgp4Ce1S3qlkPQBWq734", "version"},
	{"Argon2 before versions", "$argon2i$m=256,t=2,p=1$c2FsdHNhbHRzYWx0$OmQWfwORcSWRpf5jKt/4MXpGgp4Ce1S3qlkPQBWq734", "version"},
	{"Argon2 cut short", "$argon2id$v=19$m=256,t=2,p=2$c2FsdHNhbHRzYWx0$lKBF", "damaged"},
	{"yescrypt of 128 MiB", "$y$jCT$......................$XZd19u7yt4EB4ldKiAmgTTYRl6HtzkutbJkmuXKMgM0", "hash_memory"},
	{"yescrypt of 2^63 blocks", "$y$jkCT$......................$XZd19u7yt4EB4ldKiAmgTTYRl6HtzkutbJkmuXKMgM0", "hash_memory"},
	{"yescrypt of many threads", "$y$/7..yzzzz$....$XZd19u7yt4EB4ldKiAmgTTYRl6HtzkutbJkmuXKMgM0", "hash_memory"},
	{"yescrypt of 6,145 S-boxes", "$y$jC..tLD$....$XZd19u7yt4EB4ldKiAmgTTYRl6HtzkutbJkmuXKMgM0", "hash_memory"},
	{"scrypt of 1 GiB", "$7$IU..../....SodiumChloride$1HocET3QqQsZOM1IlhLHkI4p.bz3xw6Tde4gyJEsMp3", "hash_memory"},
	{"Argon2 of 64 MiB and 1 KiB", "$argon2id$v=19$m=65537,t=1,p=1$c2FsdHNhbHRzYWx0$lKBFfkonprQXAzQwZDqrXcwZtTQK3b16m07yP0XBb5E", "hash_memory"},
	{"bcrypt of hours", "$2b$31$CCCCCCCCCCCCCCCCCCCCC.sJhkO71lytMb6qqzkMdnCqqDfhCBNrm", "2 s"},
	{"the same again", "$2y$31$CCCCCCCCCCCCCCCCCCCCC.sJhkO71lytMb6qqzkMdnCqqDfhCBNrm", "2 s"},
	{"scrypt of 1 GiB by its name", "scrypt:1048576:8:1$salt$5102524aa915d6b84bdfeb24ea79039ff1e1f3812dfda26317d48604890f416bd8a995517dc159c81a5b2d54ee56caebc7709a53ebc5b5159d44826f21d712e8", "hash_memory"},
	{"PBKDF2 of minutes", "pbkdf2_sha256$4294967295$salt$Yl+jAFVRHK5WUfTWzrorqtTaB1juvWCV+LI3FSfFRpI=", "2 s"},
	{"PBKDF2 cut short", "pbkdf2_sha256$1000$salt$Yl+jAFVRHK5WUfTWzrorqtTaB1juv", "damaged"},
	{"Argon2 of hours", "$argon2id$v=19$m=8,t=4294967295,p=1$c2FsdHNhbHRzYWx0$lKBFfkonprQXAzQwZDqrXcwZtTQK3b16m07yP0XBb5E", "2 s"},
};
/* clang-format on */
enum { KNOWN = sizeof known / sizeof known[0] };

enum { MEMORY = 64 * MIB }; /* hash_memory's default */

/* STATUS_OK, but where crypt(3) has none of the scheme. */
static enum status
if_known(size_t i)
{
	return unit_knows(known[i].hash) ? STATUS_OK : STATUS_BAD_CREDENTIALS;
}

static void
test_known(void)
{
	struct password password, other = unit_password("correct horse 9!");
	struct hash_text scheme, decoy;
	size_t i;

	for (i = 0; i < KNOWN; i++) {
		password = unit_password(known[i].password);
		ok(password_test(&password, PASSWORD_NFC, known[i].hash) ==
				if_known(i),
			"6: %s %zu: its password", known[i].name, i);
		ok(password_test(&other, PASSWORD_NFC, known[i].hash) ==
				STATUS_BAD_CREDENTIALS,
			"%s %zu: another", known[i].name, i);
		ok(hash_text_read(known[i].hash, &scheme), "%s %zu: is read",
			known[i].name, i);
		is_str(scheme.name, known[i].name, "as what it is");
		is_str(scheme.class, known[i].class, "its class");
		is_int((long long)scheme.memory, (long long)known[i].memory,
			"its memory");
		ok(password_decoy(&password, PASSWORD_NFC, scheme.class) ==
				if_known(i),
			"the class can be hashed with");
		ok(hash_text_read_setting(scheme.class, &decoy) &&
				strcmp(decoy.class, scheme.class) == 0 &&
				decoy.cost == scheme.cost &&
				decoy.memory == scheme.memory,
			"and costs what the hash does");
	}
}

/* A library hashes with the class. */
static bool
makes(const char *class, char made[HASH_TEXT_SIZE])
{
	static const char text[] = "another, of more than eight";
	static struct crypt_data data;
	char inner[FOREIGN_INNER];
	struct hash_text scheme;
	const char *result;
	size_t before;

	if (!hash_text_read_setting(class, &scheme))
		return false;
	if (foreign_hash(text, class, &scheme, made))
		return made[0] != '\0';
	before = foreign_inner(text, &scheme, inner);
	result = crypt_rn(
		before > 0 ? inner : text, class + before, &data, sizeof data);
	if (result == NULL)
		return false;
	snprintf(made, HASH_TEXT_SIZE, "%.*s%s", (int)before, class, result);
	return true;
}

/* And what it makes is of that class. libsodium only tests. */
static void
test_decoys(void)
{
	char made[HASH_TEXT_SIZE];
	struct hash_text scheme;
	size_t i;

	for (i = 0; i < KNOWN; i++)
		if (strncmp(known[i].hash, "$argon2", 7) != 0 &&
			unit_knows(known[i].hash))
			ok(makes(known[i].class, made) &&
					hash_text_read(made, &scheme) &&
					strcmp(scheme.class, known[i].class) ==
						0,
				"%s: a decoy's hash is of its class",
				known[i].class);
}

/* Whether a damaged hash still fits; those that would take long are not
 * tried, as another cost makes another hash. */
static int
fits(const struct password *password, const char *hash,
	const struct hash_text *whole)
{
	struct hash_text scheme;

	if (hash_text_read(hash, &scheme) &&
		(scheme.cost > 4 * whole->cost || scheme.memory > 4 * MIB))
		return 0;
	return password_test(password, PASSWORD_NFC, hash) == STATUS_OK;
}

/* How many damaged forms of a hash its password still fits. */
static int
damaged_fit(size_t index)
{
	struct password password = unit_password(known[index].password);
	char hash[PASSWORD_HASH_SIZE];
	size_t i, length = strlen(known[index].hash);
	struct hash_text whole;
	int fit = 0;

	hash_text_read(known[index].hash, &whole);
	for (i = 0; i < length; i++) {
		strcpy(hash, known[index].hash);
		hash[i] = '\0';
		fit += fits(&password, hash, &whole);
		strcpy(hash, known[index].hash);
		hash[i] ^= 1;
		fit += fits(&password, hash, &whole);
	}
	strcpy(hash, known[index].hash);
	strcpy(hash + length, ".");
	return fit + fits(&password, hash, &whole);
}

static void
test_malformed(void)
{
	struct password password = unit_password("Correct Horse 9!");
	char hash[2 * HASH_TEXT_SIZE];
	struct hash_text scheme;
	size_t i;

	for (i = 0; i < KNOWN; i++)
		if (!is_int(damaged_fit(i), known[i].equal,
			    "6: cut, flipped at each byte, one more"))
			diag("%s", known[i].hash);
	for (i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
		ok(!hash_text_read(malformed[i], &scheme) &&
				scheme.class[0] == '\0' &&
				password_test(&password, PASSWORD_NFC,
					malformed[i]) == STATUS_BAD_CREDENTIALS,
			"malformed: '%zu'", i);
	/* libsodium would take as long a hash as this. */
	memset(hash, 'A', sizeof hash);
	memcpy(hash, "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$", 39);
	hash[HASH_TEXT_SIZE] = '\0';
	ok(!hash_text_read(hash, &scheme), "too long for a record");
	memcpy(hash, "$sha1$1$", 8);
	hash[HASH_TEXT_SIZE - 1] = '\0';
	ok(password_test(&password, PASSWORD_NFC, hash) ==
			STATUS_BAD_CREDENTIALS,
		"a salt that fills the buffer");
}

static void
test_admission(void)
{
	/* 128 MiB: more than others may have. */
	static const struct password_scheme large = {
		"$argon2id$v=19$m=131072,t=1,p=1$", 0};
	static const char of_large[] =
		"$argon2id$v=19$m=131072,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$"
		"lKBFfkonprQXAzQwZDqrXcwZtTQK3b16m07yP0XBb5E";
	const struct password_scheme fast = unit_scheme();
	const char *reason;
	bool admitted;
	size_t i;

	for (i = 0; i < KNOWN; i++) {
		admitted = hash_admit(&fast, MEMORY, known[i].hash, &reason);
		ok(admitted == unit_knows(known[i].hash) &&
				admitted == (reason == NULL),
			"%s: %.12s", admitted ? "admitted" : "not known here",
			known[i].hash);
	}
	for (i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		admitted = hash_admit(&fast, MEMORY, refused[i].hash, &reason);
		ok(!admitted && reason != NULL &&
				strstr(reason, refused[i].reason) != NULL,
			"8: refused: %s: %s", refused[i].name,
			reason == NULL ? "" : reason);
	}
	ok(hash_admit(&fast, MEMORY,
		   "$argon2id$v=19$m=65536,t=1,p=1$c2FsdHNhbHRzYWx0$"
		   "lKBFfkonprQXAzQwZDqrXcwZtTQK3b16m07yP0XBb5E",
		   &reason),
		"64 MiB to the byte");
	ok(hash_admit(&large, MEMORY, of_large, &reason),
		"what is our own setting");
	ok(hash_admit(&fast, 2 * MEMORY, of_large, &reason),
		"what hash_memory permits");
}

static struct site site;
static char ours[HASH_TEXT_SIZE]; /* a new hash */

static bool
lists(const char *class)
{
	struct hash_classes classes;
	int i, count = 0;

	if (hash_classes_get(&site, &classes) != STATUS_OK)
		return false;
	for (i = 0; i < classes.count; i++)
		count += strcmp(classes.class[i], class) == 0 ? 1 : 0;
	return count == 1;
}

static int
listed(void)
{
	struct hash_classes classes;

	return hash_classes_get(&site, &classes) == STATUS_OK ? classes.count
							      : -1;
}

/* As a process that has not read the list before. */
static enum status
add_hash(const char *name, const char *hash)
{
	struct account account = {.verified = true};

	snprintf(account.username, sizeof account.username, "%s", name);
	snprintf(account.hash, sizeof account.hash, "%s", hash);
	return account_add(
		&site, &account, NULL, ACCOUNT_ALWAYS, ACCOUNT_HIDES_NONE);
}

/* As `latchkey check` does it: nobody is seen with such a hash. */
static void
forget_all(void)
{
	struct hash_classes_walk walk;
	struct site own;

	unit_site(&own, UNIT_FAST);
	if (hash_classes_begin(&own, &walk) != STATUS_OK ||
		hash_classes_end(&own, &walk) != STATUS_OK)
		_exit(1);
	site_close(&own);
}

/* What this process has read of the list is older than the list. */
static void
test_list_cut(void)
{
	unit_site(&site, UNIT_FAST);
	is_int(listed(), 2, "one of bcrypt is known");
	is_int(unit_fork(forget_all), 0, "another process takes it out");
	is_int(add_hash("d", known[9].hash), STATUS_OK, "an account of it");
	is_int(add_hash("e", ours), STATUS_OK, "one of the other");
	ok(lists(known[9].class), "a class taken out meanwhile: is in again");
	site_close(&site);
}

static void
test_list(void)
{
	const struct password_scheme fast = unit_scheme();
	struct password password = unit_password("Correct Horse 9!");
	struct account account;
	struct hash_text class;
	char name[16], hash[PASSWORD_HASH_SIZE];
	size_t i;

	unit_site(&site, UNIT_FAST);
	is_int(listed(), 1, "with no account there is one class");
	ok(password_hash(&fast, &password, ours) == STATUS_OK &&
			hash_text_read(ours, &class) && lists(class.class),
		"that of new hashes");
	is_int(add_hash("a", ours), STATUS_OK, "an account");
	is_int(listed(), 1, "of the same");
	is_int(add_hash("b", known[9].hash), STATUS_OK, "one of bcrypt");
	is_int(add_hash("c", known[9].hash), STATUS_OK, "and another");
	is_int(add_hash("b", known[17].hash), STATUS_NAME_TAKEN,
		"one that is not made");
	ok(listed() == 2 && lists(known[9].class), "make one class more");
	site_close(&site);
	test_list_cut();
	unit_site(&site, UNIT_FAST);
	is_int(account_update(&site, "c", account_set_hash, known[17].hash),
		STATUS_OK, "a changed hash");
	ok(listed() == 3 && lists(known[17].class), "is another one's");
	is_int(account_update(&site, "c", account_set_hash, "!"), STATUS_OK,
		"a malformed one");
	is_int(listed(), 3, "is none's");
	is_int(unit_find(&site, "b", &account), STATUS_OK, "b");
	site.conf->hash_cost++;
	is_int(listed(), 4, "another setting's is added");
	site.conf->hash_cost--;
	unit_log();
	for (i = 0; i < HASH_CLASSES_MOST; i++) {
		snprintf(name, sizeof name, "user%zu", i);
		snprintf(hash, sizeof hash,
			"$5$rounds=%zu$saltstring$6uJWNS8JE8ExlW7sKa."
			"5Z4ereatngEa/IpmvQc6n554",
			1000 + i);
		ok(add_hash(name, hash) == STATUS_OK, "%s", name);
	}
	is_int(listed(), HASH_CLASSES_MOST, "no more than so many");
	ok(strstr(unit_log(), "more than 16 kinds") != NULL, "says the log");
	site.conf->hash_cost += 2;
	is_int(listed(), HASH_CLASSES_MOST + 1, "besides the setting's");
	site_close(&site);
}

int
main(void)
{
	unit_begin();
	test_known();
	test_decoys();
	test_malformed();
	test_admission();
	test_list();
	return done();
}
