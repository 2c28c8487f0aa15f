-- A database for each kind of data, so that each is backed up, or not, as docs/privacy.md allows; and
-- two roles. The dashboard has the first one, which cannot get at the marks. psql runs this once.
\getenv staff_password STAFF_PASSWORD
\getenv marks_password MARKS_PASSWORD
CREATE ROLE sidedoor LOGIN PASSWORD :'staff_password';
CREATE ROLE sidedoor_marks LOGIN PASSWORD :'marks_password';
CREATE DATABASE staff OWNER sidedoor;
CREATE DATABASE referrals OWNER sidedoor;
CREATE DATABASE marks OWNER sidedoor_marks;
REVOKE ALL ON DATABASE staff, referrals, marks FROM PUBLIC;
