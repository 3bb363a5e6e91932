# bash completion for nix-post-build-push                                  -*- shell-script -*-

_nix_post_build_push() {
    local answer
    # The program in PATH, and not what the line names: a Tab runs nothing that lies about.
    mapfile -t answer < <(command nix-post-build-push __complete bash \
        "${COMP_LINE:0:COMP_POINT}" "${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null)
    COMPREPLY=("${answer[@]:1}")
    case ${answer[0]-} in
        files)
            compopt +o nosort -o default
            # readline looks for files only where nothing else is offered.
            if ((${#COMPREPLY[@]})); then
                compopt -o filenames
                mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$2")
            fi
            ;;
        directories) compopt +o nosort -o dirnames ;;
        # With one that is empty they have no beginning in common to put in place of what is typed.
        replace) ((${#COMPREPLY[@]} < 2)) || COMPREPLY+=('') ;;
    esac
}

complete -o nosort -F _nix_post_build_push nix-post-build-push
