#compdef nix-post-build-push

_nix-post-build-push() {
    local -a answer candidates replacing
    # The program in PATH, and not what the line names: a Tab runs nothing that lies about.
    answer=("${(@f)$(command nix-post-build-push __complete zsh \
        "${(@)words[1,CURRENT-1]}" "$PREFIX" 2>/dev/null)}")
    candidates=("${(@)answer[2,-1]}")
    case $answer[1] in
        files)
            compset -P '--*='
            (( $#candidates )) && _describe -V value candidates
            _files
            ;;
        directories) compset -P '--*='; _files -/ ;;
        replace)
            replacing=(-U)
            # What is typed stays while they are listed for the first time: they need not have its
            # beginning in common.
            if (( $#candidates > 1 )) && [[ -z $compstate[old_list] ]]; then
                compstate[insert]= compstate[list]=list
            fi
            ;&
        values) (( $#candidates )) && _describe -V value candidates $replacing ;;
        *) return 1 ;;
    esac
}

# From a directory of fpath this file is the function itself, else it was sourced.
if [[ $funcstack[1] == _nix-post-build-push ]]; then
    _nix-post-build-push "$@"
else
    compdef _nix-post-build-push nix-post-build-push
fi
