/**
 * The days of the Chinese lunar calendar that close exchanges, 2000 to 2049.
 *
 * Worked out with the Chinese calendar of ICU and, for Ching Ming, with the sun's apparent longitude of 15 degrees
 * (J. Meeus, Astronomical Algorithms, ch. 25) at UTC+8. In 2027 and 2030 the new moon is minutes from midnight, ICU is
 * a day off, and the table has the announced new years.
 */

export interface LunarDays {
  /** First day of the first month. */
  readonly newYear: string;
  /** Tomb sweeping: by the sun. */
  readonly chingMing: string;
  /** Eighth of the fourth month. */
  readonly buddha: string;
  /** Tuen Ng, dragon boats: fifth of the fifth month. */
  readonly dragonBoat: string;
  /** Fifteenth of the eighth month. */
  readonly midAutumn: string;
  /** Chung Yeung: ninth of the ninth month. */
  readonly doubleNinth: string;
}

/** @throws RangeError outside of 2000 to 2049 */
export function lunarDays(year: number): LunarDays {
  const row = rows.find((each) => each.startsWith(`${year} `));
  if (row === undefined) throw new RangeError(`the lunar days of ${year} are not in the table`);
  const day = (column: number) => {
    const text = row.split(' ')[column] ?? '';
    return `${year}-${text.slice(0, 2)}-${text.slice(2)}`;
  };
  return {
    newYear: day(1),
    chingMing: day(2),
    buddha: day(3),
    dragonBoat: day(4),
    midAutumn: day(5),
    doubleNinth: day(6),
  };
}

/** Year, then month and day of each, in the order above. */
const rows = [
  '2000 0205 0404 0511 0606 0912 1006',
  '2001 0124 0405 0430 0625 1001 1025',
  '2002 0212 0405 0519 0615 0921 1014',
  '2003 0201 0405 0508 0604 0911 1004',
  '2004 0122 0404 0526 0622 0928 1022',
  '2005 0209 0405 0515 0611 0918 1011',
  '2006 0129 0405 0505 0531 1006 1030',
  '2007 0218 0405 0524 0619 0925 1019',
  '2008 0207 0404 0512 0608 0914 1007',
  '2009 0126 0404 0502 0528 1003 1026',
  '2010 0214 0405 0521 0616 0922 1016',
  '2011 0203 0405 0510 0606 0912 1005',
  '2012 0123 0404 0428 0623 0930 1023',
  '2013 0210 0404 0517 0612 0919 1013',
  '2014 0131 0405 0506 0602 0908 1002',
  '2015 0219 0405 0525 0620 0927 1021',
  '2016 0208 0404 0514 0609 0915 1009',
  '2017 0128 0404 0503 0530 1004 1028',
  '2018 0216 0405 0522 0618 0924 1017',
  '2019 0205 0405 0512 0607 0913 1007',
  '2020 0125 0404 0430 0625 1001 1025',
  '2021 0212 0404 0519 0614 0921 1014',
  '2022 0201 0405 0508 0603 0910 1004',
  '2023 0122 0405 0526 0622 0929 1023',
  '2024 0210 0404 0515 0610 0917 1011',
  '2025 0129 0404 0505 0531 1006 1029',
  '2026 0217 0405 0524 0619 0925 1018',
  '2027 0206 0405 0513 0609 0915 1008',
  '2028 0126 0404 0502 0528 1003 1026',
  '2029 0213 0404 0520 0616 0922 1016',
  '2030 0203 0405 0509 0605 0912 1005',
  '2031 0123 0405 0528 0624 1001 1024',
  '2032 0211 0404 0516 0612 0919 1012',
  '2033 0131 0404 0506 0601 0908 1001',
  '2034 0219 0405 0525 0620 0927 1020',
  '2035 0208 0405 0515 0610 0916 1009',
  '2036 0128 0404 0503 0530 1004 1027',
  '2037 0215 0404 0522 0618 0924 1017',
  '2038 0204 0405 0511 0607 0913 1007',
  '2039 0124 0405 0430 0527 1002 1026',
  '2040 0212 0404 0518 0614 0920 1014',
  '2041 0201 0404 0507 0603 0910 1003',
  '2042 0122 0404 0526 0622 0928 1022',
  '2043 0210 0405 0516 0611 0917 1011',
  '2044 0130 0404 0505 0531 1005 1029',
  '2045 0217 0404 0524 0619 0925 1018',
  '2046 0206 0404 0513 0608 0915 1008',
  '2047 0126 0405 0502 0529 1004 1027',
  '2048 0214 0404 0520 0615 0922 1016',
  '2049 0202 0404 0509 0604 0911 1005',
];
