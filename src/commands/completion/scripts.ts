import { table } from "../../lib/table.js";

/*
 * What the shells load. All three ask the program itself for words, so that they need not be changed when it is; where it
 * has none, the shell completes file names.
 */

/** bash splits words at `=`, `:` and `,` in COMP_WORDS: the line itself has them whole. */
const BASH = `# bash completion for distffmpeg
_distffmpeg() {
  local line=\${COMP_LINE:0:COMP_POINT} cur words word cut
  cur=\${line##*[[:blank:]]}
  read -r -a words <<<"\${line%"$cur"}"
  COMPREPLY=()
  # What stands before the last separator is there already, and readline keeps it.
  cut=\${cur%"\${COMP_WORDS[COMP_CWORD]}"}
  [[ \${COMP_WORDS[COMP_CWORD]} == "=" ]] && cut=$cur
  while IFS= read -r word; do
    [[ $word == "$cur"* ]] || continue
    [[ $word == *= ]] && compopt -o nospace
    COMPREPLY+=("\${word#"$cut"}")
  done < <("\${words[0]}" completion candidates -- "\${words[@]:1}" "$cur" 2>/dev/null)
}
complete -o bashdefault -o default -F _distffmpeg distffmpeg
`;

const ZSH = `#compdef distffmpeg
# zsh completion for distffmpeg
_distffmpeg() {
  local -a found whole
  found=("\${(@f)$("\${words[1]}" completion candidates -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=("\${(@)found:#}")
  if (( \${#found} )); then
    whole=("\${(@)found:#*=}")
    (( \${#whole} )) && compadd -- "\${whole[@]}"
    found=("\${(@M)found:#*=}")
    (( \${#found} )) && compadd -S '' -- "\${found[@]}"
    return 0
  fi
  [[ -prefix -*df_*= ]] && compset -P '*='
  _files
}
if [[ $funcstack[1] == _distffmpeg ]]; then
  _distffmpeg "$@"
else
  compdef _distffmpeg distffmpeg
fi
`;

const FISH = `# fish completion for distffmpeg
function __distffmpeg_ask
  set -l typed (commandline -opc)
  set -g __distffmpeg_words ($typed[1] completion candidates -- $typed[2..-1] (commandline -ct) 2>/dev/null)
  test (count $__distffmpeg_words) -gt 0
end
complete -c distffmpeg -f -n __distffmpeg_ask -a '(string join \\n -- $__distffmpeg_words)'
`;

/** The script of each shell. */
export const SCRIPTS: Readonly<Record<string, string>> = table({ bash: BASH, zsh: ZSH, fish: FISH });
