# LATCHKEY_TRY_CFLAGS(FLAGS) - adds to LATCHKEY_CFLAGS each that compiles
AC_DEFUN([LATCHKEY_TRY_CFLAGS], [
  for latchkey_flag in m4_normalize([$1]); do
    latchkey_saved=$CFLAGS
    CFLAGS="$CFLAGS -Werror $latchkey_flag"
    AC_MSG_CHECKING([whether $CC takes $latchkey_flag])
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
      [AC_MSG_RESULT([yes])
       LATCHKEY_CFLAGS="$LATCHKEY_CFLAGS $latchkey_flag"],
      [AC_MSG_RESULT([no])])
    CFLAGS=$latchkey_saved
  done
  AC_SUBST([LATCHKEY_CFLAGS])
])

# LATCHKEY_TRY_LDFLAGS(FLAGS) - adds to LATCHKEY_LDFLAGS each that links
AC_DEFUN([LATCHKEY_TRY_LDFLAGS], [
  for latchkey_flag in m4_normalize([$1]); do
    latchkey_saved=$LDFLAGS latchkey_saved_c=$CFLAGS
    LDFLAGS="$LDFLAGS $latchkey_flag"
    CFLAGS="$CFLAGS $LATCHKEY_CFLAGS"
    AC_MSG_CHECKING([whether the linker takes $latchkey_flag])
    AC_LINK_IFELSE([AC_LANG_PROGRAM()],
      [AC_MSG_RESULT([yes])
       LATCHKEY_LDFLAGS="$LATCHKEY_LDFLAGS $latchkey_flag"],
      [AC_MSG_RESULT([no])])
    LDFLAGS=$latchkey_saved CFLAGS=$latchkey_saved_c
  done
  AC_SUBST([LATCHKEY_LDFLAGS])
])

# LATCHKEY_LIB(VAR, HEADER, LIBRARY, FUNCTION, PACKAGE) - sets VAR_LIBS, or
# ends configure with the Debian package's name
AC_DEFUN([LATCHKEY_LIB], [
  AC_CHECK_HEADER([$2], [],
    [AC_MSG_ERROR([$2 is missing: apt-get install $5])])
  AC_CHECK_LIB([$3], [$4], [$1_LIBS="-l$3"],
    [AC_MSG_ERROR([the library $3 is missing: apt-get install $5])])
  AC_SUBST([$1_LIBS])
])
