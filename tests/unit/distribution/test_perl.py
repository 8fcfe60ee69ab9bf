"""Which modules Perl files are said to bring."""

from __future__ import annotations

from tests.distribution.perl import modules

MODULE = """\
package Hello;
# package Comment;
our $VERSION = '1.02';
=head1 NAME

package Documented;

=cut
package Hello::Inner 2.5 { }
print <<"TEXT";
package Quoted;
TEXT
package main;
$VERSION = 9;
1;
__END__
package Ended;
"""


def test_declared_packages_have_their_versions() -> None:
    assert modules([MODULE]) == ["perl(Hello) = 1.02", "perl(Hello::Inner) = 2.5"]


def test_a_package_without_a_version_is_a_name() -> None:
    assert modules(["package A;\n$B::VERSION = '1.0';\n"]) == ["perl(A)"]


def test_a_version_is_kept_where_the_package_is_opened_again() -> None:
    assert modules(["package A;\n$VERSION = $VERSION = '1.03';\n", "package A;\n"]) == ["perl(A) = 1.03"]
