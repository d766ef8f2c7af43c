# Types each line given and a tab into an interactive zsh, and prints the line that it makes of it.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1= ; autoload -U compinit; compinit -u -D; eval "$(banger completion zsh)"; show() { print -r -- "@@<$BUFFER>@@"; BUFFER= }; zle -N show; bindkey "^Xs" show; echo REA''DY'
zpty -r shell out '*READY*'
for line in "$@"; do
  zpty -n -w shell "$line"$'\t\C-Xs'
  zpty -r shell out '*@@<*>@@*'
  made=${out##*@@<}
  print -r -- "<${made%%>@@*}>"
done
zpty -d shell
