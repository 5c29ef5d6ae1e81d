# fish completion for ddcrash-ctl; made by completions/generate
complete -c ddcrash-ctl -f
complete -c ddcrash-ctl -l client -r -F -d 'run this program for each crash'
complete -c ddcrash-ctl -l state-dir -x -a '(__fish_complete_directories)' -d 'keep the settings from before here'
complete -c ddcrash-ctl -l sysctl-file -r -F -d 'settings for the next start of the machine'
complete -c ddcrash-ctl -l kernel-dir -x -a '(__fish_complete_directories)' -d 'settings of the kernel'
complete -c ddcrash-ctl -l socket -r -F -d 'the server listens here'
complete -c ddcrash-ctl -l force -d 'change the settings of a container\'s host too'
complete -c ddcrash-ctl -l quiet -s q -d 'print errors only'
complete -c ddcrash-ctl -l verbose -s v -d 'say more; twice for all'
complete -c ddcrash-ctl -l help -s h -d 'show this and exit'
complete -c ddcrash-ctl -l version -s V -d 'show the version and exit'
