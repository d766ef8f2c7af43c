# Prints what bash would offer for each line given, joined by spaces.
eval "$(banger completion bash)"
for line in "$@"; do
  COMP_LINE=$line COMP_POINT=${#line} COMP_WORDS=(banger) COMPREPLY=()
  _banger
  echo "${COMPREPLY[*]}"
done
