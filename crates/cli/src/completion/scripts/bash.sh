# bash completion for nix-post-build-push                                  -*- shell-script -*-

_nix_post_build_push() {
    local answer
    # The program in PATH, and not what the line names: a Tab runs nothing that lies about.
    mapfile -t answer < <(command nix-post-build-push __complete bash \
        "${COMP_LINE:0:COMP_POINT}" "${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null)
    COMPREPLY=()
    case ${answer[0]-} in
        files) compopt -o default ;;
        directories) compopt -o dirnames ;;
        *) COMPREPLY=("${answer[@]:1}") ;;
    esac
}

complete -o nosort -F _nix_post_build_push nix-post-build-push
