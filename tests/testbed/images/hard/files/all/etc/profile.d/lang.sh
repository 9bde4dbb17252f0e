# lang.sh: nothing to set in a look-alike
