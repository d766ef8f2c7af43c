# Prints what fish would offer for each line given, joined by spaces.
banger completion fish | source
for line in $argv
    echo (complete -C $line | string replace -r '\t.*' '')
end
