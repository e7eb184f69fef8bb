#!/bin/sh
# Assembles the image's root file system: programs that are installed here, the shared libraries that they load, and
# the records of the Debian packages that any of these files belong to, by which scanners know what is in the image.
#
#   image-root.sh DIRECTORY PROGRAM…
set -eu
root=$1
shift

packages=$(mktemp)
# These own files that are copied without being a program's.
printf '%s\n' base-files ca-certificates > "$packages"

# Copies a file, and what it points to when it is a link, and notes the package.
add() {
	set -- "$(realpath "$(dirname "$1")")/$(basename "$1")"
	[ ! -e "$root$1" ] || return 0
	install -d "$root$(dirname "$1")"
	cp --no-dereference "$1" "$root$1"
	dpkg-query --search "$1" 2> /dev/null | grep -v '^diversion' | cut -d : -f 1 >> "$packages" || true
	[ ! -L "$1" ] || add "$(cd "$(dirname "$1")" && realpath --no-symlinks "$(readlink "$1")")"
}

install -d "$root"
for directory in bin lib lib64; do
	[ ! -L "/$directory" ] || ln -s "usr/$directory" "$root/$directory"
done
for program; do
	add "$program"
	for library in $(ldd "$program" | grep -o '/[^ ]*'); do add "$library"; done
done

for file in /etc/debian_version /etc/os-release /etc/ssl/certs/ca-certificates.crt; do add "$file"; done
install -d "$root/var/lib/dpkg"
for package in $(sort -u "$packages"); do
	dpkg-query --status "$package" >> "$root/var/lib/dpkg/status"
	echo >> "$root/var/lib/dpkg/status"
	install -D -m 0644 "$(realpath "/usr/share/doc/$package/copyright")" "$root/usr/share/doc/$package/copyright"
done
cp --recursive --no-dereference /usr/share/common-licenses "$root/usr/share/"

echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
printf '%s\n' root:x:0:0::/:/sbin/nologin argocd:x:999:999::/home/argocd:/sbin/nologin > "$root/etc/passwd"
printf '%s\n' root:x:0: argocd:x:999: > "$root/etc/group"
# git-submodule, which kustomize runs for every remote base, is a shell script around this.
printf '[alias]\n\tsubmodule = submodule--helper\n' > "$root/etc/gitconfig"
install -d "$root/usr/share/git-core/templates"

# Where plugin/ mounts volumes.
install -d -m 1777 "$root/tmp"
install -d "$root/etc/trivy-gate" "$root/home/argocd/cmp-server/plugins" "$root/var/run/argocd" "$root/var/cache"
