export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof shells)[number];

/**
 * What each shell evaluates once. They all ask the same program, which answers with a line per candidate, `text<TAB>about`,
 * after a first line `:files` where the shell's own files are wanted too.
 */
export const scripts: Readonly<Record<Shell, string>> = {
  // bash breaks words at ":" and "=" (COMP_WORDBREAKS) and replaces only what follows the last of them.
  bash: `_banger() {
  local line=\${COMP_LINE:0:COMP_POINT} current word offset
  current=\${line##*[[:space:]]}
  offset=
  case $current in *[:=]*) offset=\${current%"\${current##*[:=]}"} ;; esac
  COMPREPLY=()
  while IFS= read -r word; do
    if [ "$word" = ':files' ]; then
      compopt -o default 2>/dev/null
      continue
    fi
    word=\${word%%$'\\t'*}
    case $word in "$current"*) COMPREPLY+=("\${word#"$offset"}") ;; esac
  done < <("\${COMP_WORDS[0]}" __complete --line="$line" 2>/dev/null)
  case \${COMPREPLY[0]-} in *[:=]) compopt -o nospace 2>/dev/null ;; esac
}
complete -F _banger banger
`,
  zsh: `#compdef banger
_banger() {
  local line name
  local -a candidates
  local -i files=0
  for line in "\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      '') ;;
      :files) files=1 ;;
      *)
        name=\${line%%$'\\t'*}
        candidates+=("\${name//:/\\\\:}:\${line#*$'\\t'}")
        ;;
    esac
  done
  (( \${#candidates} )) && _describe banger candidates
  (( files )) && _files
  return 0
}
if [ "\${funcstack[1]-}" = _banger ]; then _banger "$@"; else compdef _banger banger; fi
`,
  fish: `function __banger_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] __complete -- $words[2..-1] 2>/dev/null)
        if test "$line" = ':files'
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c banger -f -a '(__banger_complete)'
`,
  powershell: `Register-ArgumentCompleter -Native -CommandName banger -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $line = $commandAst.ToString().PadRight($cursorPosition).Substring(0, $cursorPosition)
    & $commandAst.CommandElements[0].ToString() __complete "--line=$line" 2>$null |
        Where-Object { $_ -ne ':files' } |
        ForEach-Object {
            $text, $about = $_ -split "\`t", 2
            if (-not $about) { $about = $text }
            if ($text -like "$wordToComplete*") {
                [System.Management.Automation.CompletionResult]::new($text, $text, 'ParameterValue', $about)
            }
        }
}
`,
};
