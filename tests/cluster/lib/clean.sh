# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What a cluster leaves in the kernel when its programs are killed: mounts, loop devices.

# Mount points below DIR, the innermost first. mountinfo writes a space as \040.
mounts_below()
{
    local path
    awk '{print $5}' /proc/self/mountinfo | while read -r path; do
        printf '%b\n' "${path//\\/\\0}"
    done | awk -v dir="$DIR/" 'index($0, dir) == 1' | tac
}

unmount_all()
{
    local path
    while read -r path; do
        umount "$path" 2>/dev/null && continue
        say "$path is busy: detaching it lazily"
        umount --lazy "$path" || die "cannot unmount $path"
    done < <(mounts_below)
}

# Loop devices whose backing file is, or was, below DIR.
loops_below()
{
    local backing device
    for backing in /sys/block/loop*/loop/backing_file; do
        [[ "$(cat "$backing" 2>/dev/null)" == "$DIR/"* ]] || continue
        device=${backing#/sys/block/}
        echo "/dev/${device%%/*}"
    done
}

no_loops() { [[ -z $(loops_below) ]]; }

detach_loops()
{
    local device
    for device in $(loops_below); do
        losetup --detach "$device" || true # the check below tells
    done
    within 5 no_loops || die "these loop devices are still in use: $(loops_below | tr '\n' ' ')"
}
