# fish completion for ddcrash-usercrashd; made by completions/generate
complete -c ddcrash-usercrashd -f
complete -c ddcrash-usercrashd -l output -s o -x -a '(__fish_complete_directories)' -d 'the folder'
complete -c ddcrash-usercrashd -l socket -r -F -d 'listen here, in a folder of our own'
complete -c ddcrash-usercrashd -l max-count -x -d 'reports that the folder holds'
complete -c ddcrash-usercrashd -l max-total -x -d 'bytes that the folder holds'
complete -c ddcrash-usercrashd -l max-size -x -d 'bytes of a report'
complete -c ddcrash-usercrashd -l request-ms -x -d 'time for a client to say what it wants'
complete -c ddcrash-usercrashd -l write-ms -x -d 'time for a client to write its report'
complete -c ddcrash-usercrashd -l quiet -s q -d 'print errors only'
complete -c ddcrash-usercrashd -l verbose -s v -d 'say more; twice for all'
complete -c ddcrash-usercrashd -l help -s h -d 'show this and exit'
complete -c ddcrash-usercrashd -l version -s V -d 'show the version and exit'
