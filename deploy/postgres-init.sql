-- A database for each kind of data, so that each is backed up, or not, as docs/privacy.md allows.
CREATE DATABASE marks;
CREATE DATABASE referrals;
